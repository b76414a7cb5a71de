// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.report;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** What one contender reached in each round. */
public record Samples(List<Double> values) {

  public Samples() {
    this(new ArrayList<>());
  }

  public static Samples of(double value) {
    return new Samples(List.of(value));
  }

  public void add(double value) {
    values.add(value);
  }

  public double median() {
    List<Double> sorted = values.stream().sorted().toList();
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }

  public double least() {
    return Collections.min(values);
  }

  double greatest() {
    return Collections.max(values);
  }

  /** Round by round, this one's value as a multiple of the other's. */
  Samples over(Samples other) {
    List<Double> ratios = new ArrayList<>();
    for (int i = 0; i < values.size(); i++) {
      ratios.add(values.get(i) / other.values.get(i));
    }
    return new Samples(ratios);
  }
}
