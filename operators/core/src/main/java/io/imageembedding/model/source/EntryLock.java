// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.source;

import io.imageembedding.safety.PrivateFiles;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Map;
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
  private static final long PAUSE_NANOS = 200_000_000;

  private final ReentrantLock guard;
  private final FileChannel channel;

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
    FileChannel channel = null;
    try {
      channel = open(file);
      while (!isLocked(channel)) {
        long left = end - System.nanoTime();
        if (left <= 0) {
          throw new TimeoutException(file + " is held by another process or job");
        }
        TimeUnit.NANOSECONDS.sleep(Math.min(left, PAUSE_NANOS));
      }
      return new EntryLock(guard, channel);
    } catch (IOException | InterruptedException | TimeoutException | RuntimeException e) {
      release(guard, channel);
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
    FileChannel channel = null;
    try {
      channel = open(file);
      if (isLocked(channel)) {
        return Optional.of(new EntryLock(guard, channel));
      }
    } catch (IOException | RuntimeException e) {
      release(guard, channel);
      throw e;
    }
    release(guard, channel);
    return Optional.empty();
  }

  private static ReentrantLock guard(Path file) {
    return OF_THIS_JVM.computeIfAbsent(
        file.toAbsolutePath().normalize(), key -> new ReentrantLock());
  }

  private static FileChannel open(Path file) throws IOException {
    PrivateFiles.createFile(file);
    return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }

  private static void release(ReentrantLock guard, FileChannel channel) throws IOException {
    try {
      if (channel != null) {
        channel.close();
      }
    } finally {
      guard.unlock();
    }
  }

  @Override
  public void close() throws IOException {
    release(guard, channel);
  }
}
