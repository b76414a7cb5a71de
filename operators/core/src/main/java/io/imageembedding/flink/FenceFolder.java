// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.zip.CRC32;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.apache.flink.streaming.api.operators.StreamingRuntimeContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where a job's notes are on this machine: a folder that was named, or one for every user. */
final class FenceFolder {
  private static final Logger LOG = LoggerFactory.getLogger(FenceFolder.class);
  private static final int LONGEST_NAME = 80;

  private FenceFolder() {}

  /**
   * The notes of the task's job, where there is to be a fence. Without a folder that was named, one
   * that cannot be used is only a warning.
   *
   * @param dir as {@link FenceOptions#dir} gives it
   * @throws NoRestartException if a folder that was named cannot be used
   */
  static Optional<CrashNotes> notes(String dir, RuntimeContext context) throws IOException {
    String temporary =
        context instanceof StreamingRuntimeContext task
            ? task.getTaskManagerRuntimeInfo().getTmpDirectories()[0]
            : System.getProperty("java.io.tmpdir");
    return notes(dir, Path.of(temporary), context.getJobInfo().getJobName());
  }

  static Optional<CrashNotes> notes(String dir, Path temporary, String job) throws IOException {
    if (FenceOptions.NONE.equals(dir)) {
      return Optional.empty();
    }
    Path folder = dir == null ? ofUser(temporary) : Path.of(dir);
    try {
      if (dir == null) {
        requireOwn(folder);
      }
      return Optional.of(new CrashNotes(folder.resolve(ofJob(job))));
    } catch (ClosedByInterruptException e) {
      throw e;
    } catch (IOException e) {
      String wrong = "the crash fence cannot keep notes in " + folder + ": " + e;
      if (dir != null) {
        throw new NoRestartException(
            wrong + "; needed for " + FenceOptions.DIR.key() + ": a folder that tasks can write to",
            e);
      }
      LOG.warn("{}; an image that ends the process would do so for ever", wrong);
      return Optional.empty();
    }
  }

  private static Path ofUser(Path temporary) {
    return temporary.resolve(
        "image-embedding-crash-fence-" + safe(System.getProperty("user.name")));
  }

  /** In a folder that everybody can write to, a name that can be guessed may be somebody else's. */
  private static void requireOwn(Path folder) throws IOException {
    if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
      Files.createDirectories(folder.getParent());
      try {
        Files.createDirectory(
            folder,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      } catch (FileAlreadyExistsException e) {
        // Another task was faster, or somebody else: that is looked at next.
      }
    }
    if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
      throw new IOException("it is no folder");
    }
    Path probe = Files.createTempFile(folder, "owner", CrashNote.UNFINISHED);
    try {
      if (!Files.getOwner(folder).equals(Files.getOwner(probe))
          || !Files.getPosixFilePermissions(folder)
              .equals(PosixFilePermissions.fromString("rwx------"))) {
        throw new IOException("it belongs to others, too");
      }
    } finally {
      Files.deleteIfExists(probe);
    }
  }

  /** A name for people, told from similar ones by its checksum. */
  private static String ofJob(String name) {
    CRC32 checksum = new CRC32();
    checksum.update(name.getBytes(UTF_8));
    return "%s-%08x".formatted(safe(name), checksum.getValue());
  }

  private static String safe(String name) {
    String letters = name.replaceAll("[^A-Za-z0-9._-]", "_");
    return letters.substring(0, Math.min(LONGEST_NAME, letters.length()));
  }
}
