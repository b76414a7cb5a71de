// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.job;

import io.imageembedding.cli.output.CommandFailure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.flink.annotation.Internal;

/**
 * Chooses what a job goes on from: the newest complete checkpoint or savepoint below a folder that
 * is not damaged, or one that was named.
 */
@Internal
public final class LatestCheckpoint {
  private LatestCheckpoint() {}

  /**
   * What to go on from.
   *
   * @param checkpoint to go on from
   * @param damaged one line for each newer one that cannot be used
   */
  public record Choice(KeptCheckpoint checkpoint, List<String> damaged) {}

  /**
   * The newest that can be used.
   *
   * @throws CommandFailure if there is none, saying why for each that there is
   */
  public static Choice below(Path folder) {
    List<String> damaged = new ArrayList<>();
    for (KeptCheckpoint each : newestFirst(folder)) {
      Optional<String> damage = each.damage();
      if (damage.isEmpty()) {
        return new Choice(each, damaged);
      }
      damaged.add("checkpoint " + each + " is damaged: " + damage.get());
    }
    throw new CommandFailure(
        damaged.isEmpty()
            ? "there is no complete checkpoint below " + folder
            : String.join("; ", damaged) + "; there is no older one below " + folder);
  }

  /**
   * Sees that a checkpoint that was named can be used.
   *
   * @param named folder, or its file of metadata
   * @param others folder below which older ones are looked for
   * @throws CommandFailure if it cannot, naming the next older one that can
   */
  public static void requireUndamaged(Path named, Path others) {
    if (!Files.exists(named)) {
      throw new CommandFailure("there is no checkpoint " + named);
    }
    KeptCheckpoint checkpoint =
        new KeptCheckpoint(Files.isDirectory(named) ? named : named.getParent());
    Optional<String> damage = checkpoint.damage();
    if (damage.isEmpty()) {
      return;
    }
    String older =
        newestFirst(others).stream()
            .filter(each -> !each.folder().equals(checkpoint.folder()))
            .filter(each -> !hasMetadata(checkpoint) || each.completed() <= checkpoint.completed())
            .filter(each -> each.damage().isEmpty())
            .findFirst()
            .map(each -> "the next older one that can be used: --restore " + each)
            .orElse("there is no older one below " + others);
    throw new CommandFailure(
        "checkpoint " + checkpoint + " cannot be used: " + damage.get() + "; " + older);
  }

  private static boolean hasMetadata(KeptCheckpoint checkpoint) {
    return Files.exists(checkpoint.folder().resolve(KeptCheckpoint.METADATA));
  }

  private static List<KeptCheckpoint> newestFirst(Path folder) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.walk(folder)) {
      return files
          .filter(file -> file.getFileName().toString().equals(KeptCheckpoint.METADATA))
          .map(file -> new KeptCheckpoint(file.getParent()))
          .sorted(Comparator.comparingLong(KeptCheckpoint::completed).reversed())
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
