// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.source;

import io.imageembedding.safety.PrivateFiles;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.FileLockInterruptionException;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Held by one thread of one process at a time; the operating system lets go of it when the process
 * ends, however it ends. The file itself stays: deleting it would let two processes lock two files
 * of one name.
 */
final class EntryLock implements AutoCloseable {
  private static final Map<Path, ReentrantLock> OF_THIS_JVM = new ConcurrentHashMap<>();
  private static final long PAUSE_MILLIS = 200;

  private final ReentrantLock guard;
  private final FileChannel channel;

  private EntryLock(ReentrantLock guard, FileChannel channel) {
    this.guard = guard;
    this.channel = channel;
  }

  /** Waits until no one else holds it. Not reentrant. */
  static EntryLock acquire(Path file) throws IOException, InterruptedException {
    ReentrantLock guard = guard(file);
    guard.lockInterruptibly();
    FileChannel channel = null;
    try {
      channel = open(file);
      FileLock lock = null;
      while (lock == null) {
        try {
          lock = channel.lock();
        } catch (OverlappingFileLockException e) {
          // Held in this JVM by a class of another class loader, so by another job.
          Thread.sleep(PAUSE_MILLIS);
        }
      }
      return new EntryLock(guard, channel);
    } catch (FileLockInterruptionException e) {
      release(guard, channel);
      InterruptedException interruption = new InterruptedException("while waiting for " + file);
      // The status that the exception left set is the exception from here on.
      Thread.interrupted();
      throw interruption;
    } catch (IOException | InterruptedException | RuntimeException e) {
      release(guard, channel);
      throw e;
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
      if (channel.tryLock() != null) {
        return Optional.of(new EntryLock(guard, channel));
      }
    } catch (OverlappingFileLockException e) {
      // As above.
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
