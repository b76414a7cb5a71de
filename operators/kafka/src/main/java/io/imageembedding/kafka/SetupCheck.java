// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import java.util.function.Supplier;
import org.apache.flink.annotation.Internal;

/**
 * One question about what a job needs from outside, of which the answer is for a person.
 *
 * @param name what is looked at
 * @param advice what to do where it is not as it should be
 * @param question answers with what was found, or throws what is wrong
 */
@Internal
public record SetupCheck(String name, String advice, Supplier<Finding> question) {

  /**
   * What was found.
   *
   * @param good whether it is as it should be; false: the job can run, but not as well as it might
   */
  public record Finding(boolean good, String text) {

    /** Something that is as it should be. */
    public static Finding good(String text) {
      return new Finding(true, text);
    }

    /** Something that the job can live with. */
    public static Finding poor(String text) {
      return new Finding(false, text);
    }
  }
}
