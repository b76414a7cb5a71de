// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.fetch;

import io.imageembedding.safety.PrivateFiles;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Held by one thread of one process at a time; the operating system lets go of it when the process
 * ends, however it ends. The file itself stays: deleting it would let two processes lock two files
 * of one name.
 */
final class EntryLock implements AutoCloseable {
  private static final Map<Path, ReentrantLock> OF_THIS_JVM = new ConcurrentHashMap<>();

  /**
   * Channels that did not get the lock, for the next time. They are not closed: POSIX takes all of
   * a process's locks on a file away when it closes any descriptor of it, and the one that is in
   * the way may be that of another class loader.
   */
  private static final Map<Path, Opened> UNLOCKED = new ConcurrentHashMap<>();

  private static final long PAUSE_NANOS = 200_000_000;

  private final ReentrantLock guard;
  private final FileChannel channel;

  /**
   * @param file by which one is told that was deleted and made anew
   */
  private record Opened(FileChannel channel, Object file) {}

  private EntryLock(ReentrantLock guard, FileChannel channel) {
    this.guard = guard;
    this.channel = channel;
  }

  /**
   * Waits until no one else holds it. Not reentrant.
   *
   * @param longest for which is waited
   */
  static EntryLock acquire(Path file, Duration longest)
      throws IOException, InterruptedException, TimeoutException {
    long end = System.nanoTime() + longest.toNanos();
    ReentrantLock guard = guard(file);
    if (!guard.tryLock(longest.toNanos(), TimeUnit.NANOSECONDS)) {
      throw new TimeoutException(file + " is held by another thread");
    }
    try {
      Opened opened = open(file);
      try {
        while (!isLocked(opened.channel)) {
          long left = end - System.nanoTime();
          if (left <= 0) {
            throw new TimeoutException(file + " is held by another process or job");
          }
          TimeUnit.NANOSECONDS.sleep(Math.min(left, PAUSE_NANOS));
        }
      } catch (IOException | InterruptedException | TimeoutException | RuntimeException e) {
        UNLOCKED.put(key(file), opened);
        throw e;
      }
      return new EntryLock(guard, opened.channel);
    } catch (IOException | InterruptedException | TimeoutException | RuntimeException e) {
      guard.unlock();
      throw e;
    }
  }

  private static boolean isLocked(FileChannel channel) throws IOException {
    try {
      return channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      // Held in this JVM by a class of another class loader, so by another job.
      return false;
    }
  }

  /** Empty if someone else holds it. */
  static Optional<EntryLock> tryAcquire(Path file) throws IOException {
    ReentrantLock guard = guard(file);
    if (guard.isHeldByCurrentThread() || !guard.tryLock()) {
      return Optional.empty();
    }
    boolean acquired = false;
    try {
      Opened opened = open(file);
      acquired = isLocked(opened.channel);
      if (acquired) {
        return Optional.of(new EntryLock(guard, opened.channel));
      }
      UNLOCKED.put(key(file), opened);
      return Optional.empty();
    } finally {
      if (!acquired) {
        guard.unlock();
      }
    }
  }

  private static Path key(Path file) {
    return file.toAbsolutePath().normalize();
  }

  private static ReentrantLock guard(Path file) {
    return OF_THIS_JVM.computeIfAbsent(key(file), key -> new ReentrantLock());
  }

  /** The caller holds the guard. */
  private static Opened open(Path file) throws IOException {
    PrivateFiles.createFile(file);
    Object now = Files.readAttributes(file, BasicFileAttributes.class).fileKey();
    Opened before = UNLOCKED.remove(key(file));
    if (before != null && before.channel.isOpen() && Objects.equals(before.file, now)) {
      return before;
    }
    if (before != null) {
      before.channel.close();
    }
    FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    return new Opened(channel, now);
  }

  @Override
  public void close() throws IOException {
    try {
      channel.close();
    } finally {
      guard.unlock();
    }
  }
}
