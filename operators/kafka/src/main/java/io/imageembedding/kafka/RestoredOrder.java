// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import io.imageembedding.flink.EmbedOptions;
import org.apache.flink.annotation.Internal;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.configuration.StateRecoveryOptions;

/**
 * Whether a job that keeps order can go on from what one that does not has left. Images on their
 * way between two tasks are part of an unaligned checkpoint; Flink gives them to nobody, without a
 * word, where those tasks are one.
 */
@Internal
public final class RestoredOrder {
  private RestoredOrder() {}

  /**
   * Sees that no image would be lost.
   *
   * @param config says what the job restores, if it does
   * @param uid of the operator that images are spread to
   * @throws KafkaSetupException if some would
   */
  public static void check(ReadableConfig config, String uid) {
    if (EmbedOptions.isUnordered(config) || !config.get(PipelineOptions.OPERATOR_CHAINING)) {
      return;
    }
    config
        .getOptional(StateRecoveryOptions.SAVEPOINT_PATH)
        .filter(path -> RestoredState.hasElementsOnTheWayTo(path, uid))
        .ifPresent(
            path -> {
              throw new KafkaSetupException(
                  "the checkpoint "
                      + path
                      + " is unaligned and holds images on their way between slots, which a job that"
                      + " keeps order would lose; allowed: "
                      + EmbedOptions.UNORDERED.key()
                      + ": true, or a savepoint");
            });
  }
}
