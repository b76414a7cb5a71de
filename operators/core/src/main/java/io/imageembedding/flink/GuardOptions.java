// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import static org.apache.flink.configuration.ConfigOptions.key;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.flink.annotation.PublicEvolving;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ReadableConfig;

/** Options of {@link RefusalGuard}, which is off unless a share is set. */
@PublicEvolving
public final class GuardOptions {

  public static final ConfigOption<Double> REFUSED_SHARE =
      key("image-embedding.guard.refused-share")
          .doubleType()
          .noDefaultValue()
          .withDescription(
              "Part of the last images, from 0 to below 1, that may be refused in a slot; with one"
                  + " more the job fails and is not restarted, before they are dead letters. Not"
                  + " set: any number may.");

  public static final ConfigOption<Integer> WINDOW =
      key("image-embedding.guard.window")
          .intType()
          .defaultValue(1000)
          .withDescription("How many of the last images of a slot the share is taken of.");

  public static final ConfigOption<List<String>> UNCOUNTED_CODES =
      key("image-embedding.guard.uncounted-codes")
          .stringType()
          .asList()
          .defaultValues("NULL_VALUE")
          .withDescription(
              "Codes of refusals that are no sign of trouble, separated by semicolons: messages"
                  + " without a value delete.");

  private GuardOptions() {}

  /**
   * The guard, if there is to be one.
   *
   * @throws InvalidOptionException naming key, value and what is allowed
   */
  public static Optional<RefusalGuard> guard(ReadableConfig config) {
    Double share =
        Options.optional(
            config, REFUSED_SHARE, value -> value >= 0 && value < 1, "a number from 0 to below 1");
    int window =
        Options.get(
            config,
            WINDOW,
            value -> value >= 1 && value <= RefusalGuard.LARGEST_WINDOW,
            "a whole number from 1 to " + RefusalGuard.LARGEST_WINDOW);
    List<String> uncounted =
        Options.get(
            config,
            UNCOUNTED_CODES,
            codes -> codes.stream().allMatch(code -> code.matches("[A-Z_]+")),
            "codes such as NULL_VALUE, separated by semicolons");
    return Optional.ofNullable(share)
        .map(value -> new RefusalGuard(value, window, Set.copyOf(uncounted)));
  }
}
