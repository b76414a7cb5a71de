// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka.replay;

import io.imageembedding.schema.Code;
import io.imageembedding.schema.DeadLetter;
import io.imageembedding.schema.Stage;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Set;
import java.util.TreeSet;
import org.apache.flink.annotation.Internal;

/**
 * Which dead letters of a topic are sent again, and where to.
 *
 * @param codes those with one of them; empty: any
 * @param stages those of one of them; empty: any
 * @param since those that were refused then or later; null: any
 */
@Internal
public record Selection(
    String fromTopic, String toTopic, Set<Code> codes, Set<Stage> stages, Instant since) {

  boolean contains(DeadLetter letter) {
    return (codes.isEmpty() || codes.contains(letter.getCode()))
        && (stages.isEmpty() || stages.contains(letter.getStage()))
        && (since == null || !letter.getFailedAt().isBefore(since));
  }

  /**
   * The name of a run of this selection, which is the same whenever the same is asked for.
   *
   * @param sinceAsGiven what the person wrote, which may be an age; null: nothing
   */
  public String runName(String sinceAsGiven) {
    String text =
        String.join(
            "\n",
            fromTopic,
            toTopic,
            new TreeSet<>(codes).toString(),
            new TreeSet<>(stages).toString(),
            String.valueOf(sinceAsGiven));
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return "replay-" + HexFormat.of().formatHex(digest, 0, 8);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
