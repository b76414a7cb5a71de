// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import io.imageembedding.flink.CrashNote.Entry;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.RuntimeMXBean;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder where all tasks of one job leave their {@link CrashNote}s, and what the notes of dead
 * processes say. A process is dead when its lock on its note is gone; notes of this process are
 * never opened here, because closing them would end their lock.
 */
final class CrashNotes {

  /**
   * What is known of an image that a process died with.
   *
   * @param deaths how many
   * @param convicted whether there is no doubt left
   */
  record Past(int deaths, boolean convicted) {

    Past and(Past other) {
      return new Past(Math.max(deaths, other.deaths), convicted || other.convicted);
    }
  }

  private static final Logger LOG = LoggerFactory.getLogger(CrashNotes.class);
  private static final Duration KEPT = Duration.ofDays(7);
  private static final int MOST_NOTES = 256;
  private static final int MOST_FILES = 10_000;

  /** So often no image that runs alone dies by chance, even in company of one that is stuck. */
  private static final int DEATHS_WITHOUT_DOUBT = 4;

  private final Path folder;
  private final String process;

  /**
   * @param folder of the job; is made if it is not there
   */
  CrashNotes(Path folder) throws IOException {
    this(folder, thisProcess());
  }

  /**
   * @param process a name that no other process has, alive or dead
   */
  CrashNotes(Path folder, String process) throws IOException {
    this.folder = folder;
    this.process = process;
    Files.createDirectories(
        folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
  }

  /** The same in every class loader of the process. */
  private static String thisProcess() {
    RuntimeMXBean jvm = ManagementFactory.getRuntimeMXBean();
    return jvm.getName().replaceAll("[^A-Za-z0-9.-]", "-") + "-" + jvm.getStartTime();
  }

  /** A note of this process. */
  CrashNote create(int subtask, int entries) throws IOException {
    String name = "%s_%d-%x".formatted(process, subtask, System.nanoTime());
    return CrashNote.create(folder, name, entries);
  }

  /**
   * Images that processes of the job died with, by place. Notes that say nothing, are old, or too
   * many, are deleted; those that cannot be read are left alone.
   */
  Map<String, Past> ofDeadProcesses() throws IOException {
    Map<String, Past> pasts = new HashMap<>();
    List<String> unreadable = new ArrayList<>();
    int kept = 0;
    for (Path file : newestFirst()) {
      try (FileChannel channel =
          FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
        if (!isOfDeadProcess(channel)) {
          continue;
        }
        List<Entry> entries = CrashNote.read(channel);
        if (entries.isEmpty() || kept++ >= MOST_NOTES || isOld(file)) {
          Files.deleteIfExists(file);
        } else {
          entries.forEach(entry -> pasts.merge(entry.place(), past(entry), Past::and));
        }
      } catch (IOException e) {
        unreadable.add(file.getFileName() + ": " + e.getMessage());
      }
    }
    if (!unreadable.isEmpty()) {
      LOG.warn("Notes of the crash fence in {} that cannot be read: {}", folder, unreadable);
    }
    return pasts;
  }

  /** Who was alone, after a death before, has done it. */
  private static Past past(Entry entry) {
    int deaths = entry.deaths() + 1;
    return new Past(deaths, deaths > 1 && entry.alone() || deaths >= DEATHS_WITHOUT_DOUBT);
  }

  private List<Path> newestFirst() throws IOException {
    record Aged(Path file, Instant written) {}
    List<Aged> notes = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      int seen = 0;
      for (Path file : files) {
        String name = file.getFileName().toString();
        if (++seen > MOST_FILES) {
          LOG.warn("{} has more than {} files; not all are looked at", folder, MOST_FILES);
          break;
        }
        if (name.startsWith(process + "_") || !Files.isRegularFile(file, NO_LINKS)) {
          continue;
        }
        if (name.endsWith(CrashNote.SUFFIX)) {
          notes.add(new Aged(file, written(file)));
        } else if (name.endsWith(CrashNote.UNFINISHED) && isOld(file)) {
          Files.deleteIfExists(file);
        }
      }
    }
    return notes.stream()
        .sorted(Comparator.comparing(Aged::written).reversed())
        .map(Aged::file)
        .toList();
  }

  private static final LinkOption NO_LINKS = LinkOption.NOFOLLOW_LINKS;

  /** Now, if it is gone. */
  private static Instant written(Path file) {
    try {
      return Files.getLastModifiedTime(file, NO_LINKS).toInstant();
    } catch (IOException e) {
      return Instant.now();
    }
  }

  private static boolean isOld(Path file) {
    return written(file).isBefore(Instant.now().minus(KEPT));
  }

  /** Others may ask at the same time, so the lock that is tried is a shared one. */
  private static boolean isOfDeadProcess(FileChannel channel) throws IOException {
    try {
      return channel.tryLock(0, Long.MAX_VALUE, true) != null;
    } catch (OverlappingFileLockException e) {
      // Another task of this process is asking, which found it unlocked.
      return true;
    }
  }
}
