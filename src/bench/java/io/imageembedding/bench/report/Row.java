// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.report;

import java.util.Collections;

/**
 * A figure, alone or beside a rival's.
 *
 * @param name of the measurement
 * @param value median
 * @param against rival; null where there is none
 * @param ratio median over the rounds of ours to theirs in the same round; more than 1 is faster,
 *     null where there is no rival
 * @param low least of the rounds' values, of their ratios where there is a rival
 * @param high greatest of them
 * @param theirs the rival's median
 */
public record Row(
    String name,
    double value,
    String unit,
    String against,
    Double ratio,
    double low,
    double high,
    Double theirs) {

  public static Row alone(String name, Samples ours, String unit) {
    return new Row(name, ours.median(), unit, null, null, ours.least(), ours.greatest(), null);
  }

  /** Of rates, of which more is better. */
  public static Row rates(String name, Samples ours, String unit, String against, Samples theirs) {
    return against(name, ours, unit, against, theirs, ours.over(theirs));
  }

  /** Of times, of which less is better. */
  public static Row times(String name, Samples ours, String unit, String against, Samples theirs) {
    return against(name, ours, unit, against, theirs, theirs.over(ours));
  }

  /** Of times, as multiples of a fixed one. */
  public static Row multiple(String name, Samples times, String unit, String against, double one) {
    Samples ones = new Samples(Collections.nCopies(times.values().size(), one));
    return against(name, times, unit, against, ones, times.over(ones));
  }

  private static Row against(
      String name, Samples ours, String unit, String against, Samples theirs, Samples ratios) {
    return new Row(
        name,
        ours.median(),
        unit,
        against,
        ratios.median(),
        ratios.least(),
        ratios.greatest(),
        theirs.median());
  }
}
