// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.zip.CRC32;

/**
 * Says where a task is, in a file that is mapped into memory: what is written there is seen by
 * whoever reads the file later, even if the process dies at once, and costs no system call. The
 * file is locked for as long as the process lives. Not thread-safe.
 *
 * <p>The file is a magic number, the number of entries, their checksum, and for each the deaths
 * that it was in before, with a bit if it is alone, the bytes of its place, and these, in UTF-8;
 * numbers are big-endian. The mapping itself goes with the buffer's garbage, as Java 17 has no
 * other way.
 */
final class CrashNote implements AutoCloseable {

  /**
   * An image that native code is at.
   *
   * @param deaths that it was in before
   * @param alone whether no other image is embedded in the process
   */
  record Entry(String place, int deaths, boolean alone) {}

  static final String SUFFIX = ".note";

  /** Of a note that is not there yet. */
  static final String UNFINISHED = ".new";

  /** No valid note is larger. */
  static final int LARGEST = 4 << 20;

  private static final int MAGIC = 0x49454631;
  private static final int COUNT = 4;
  private static final int CHECKSUM = 8;
  private static final int FIRST = 12;
  private static final int BEFORE_PLACE = 4;
  private static final int ROOM_FOR_PLACE = 512;
  private static final int MOST_DEATHS = 1000;
  private static final int ALONE = 0x4000;

  private final Path file;
  private final FileChannel channel;
  private final MappedByteBuffer buffer;

  private CrashNote(Path file, FileChannel channel, MappedByteBuffer buffer) {
    this.file = file;
    this.channel = channel;
    this.buffer = buffer;
  }

  /**
   * Makes an empty note. It has its name only when it is locked, so that nobody takes it for one of
   * a dead process.
   *
   * @param entries for how many there has to be room
   */
  static CrashNote create(Path folder, String name, int entries) throws IOException {
    int size = Math.min(LARGEST, FIRST + entries * (BEFORE_PLACE + ROOM_FOR_PLACE));
    Path unfinished = folder.resolve(name + UNFINISHED);
    FileChannel channel =
        FileChannel.open(
            unfinished,
            Set.of(
                StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    try {
      if (channel.tryLock() == null) {
        throw new IOException(unfinished + " is locked by another process");
      }
      // Written and not only sized, so that a full disk is found here and not when it is mapped.
      ByteBuffer zeros = ByteBuffer.allocate(size).putInt(0, MAGIC);
      while (zeros.hasRemaining()) {
        channel.write(zeros);
      }
      MappedByteBuffer buffer = channel.map(MapMode.READ_WRITE, 0, size);
      Path file = folder.resolve(name + SUFFIX);
      Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
      return new CrashNote(file, channel, buffer);
    } catch (IOException | RuntimeException e) {
      channel.close();
      Files.deleteIfExists(unfinished);
      throw e;
    }
  }

  /** Replaces what is noted; what there is no room for is left out. */
  void set(List<Entry> entries) {
    buffer.putInt(COUNT, 0);
    VarHandle.releaseFence();
    int at = FIRST;
    int count = 0;
    for (Entry entry : entries) {
      byte[] place = entry.place().getBytes(UTF_8);
      if (place.length <= Short.MAX_VALUE
          && at + BEFORE_PLACE + place.length <= buffer.capacity()) {
        int deaths = Math.min(entry.deaths(), MOST_DEATHS);
        buffer.putShort(at, (short) (entry.alone() ? deaths | ALONE : deaths));
        buffer.putShort(at + Short.BYTES, (short) place.length);
        buffer.put(at + BEFORE_PLACE, place);
        at += BEFORE_PLACE + place.length;
        count++;
      }
    }
    buffer.putInt(CHECKSUM, checksum(buffer.slice(FIRST, at - FIRST), count));
    VarHandle.releaseFence();
    buffer.putInt(COUNT, count);
  }

  private static int checksum(ByteBuffer entries, int count) {
    CRC32 checksum = new CRC32();
    checksum.update(entries);
    return (int) checksum.getValue() + count;
  }

  /**
   * Reads what a process left behind.
   *
   * @throws IOException if it is no note, or damaged
   */
  static List<Entry> read(FileChannel channel) throws IOException {
    long size = channel.size();
    if (size < FIRST || size > LARGEST) {
      throw new IOException("it has " + size + " bytes");
    }
    ByteBuffer bytes = ByteBuffer.allocate((int) size);
    while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
      // Most often once.
    }
    bytes.flip();
    if (bytes.remaining() < FIRST || bytes.getInt() != MAGIC) {
      throw new IOException("it does not begin like one");
    }
    int count = bytes.getInt();
    int checksum = bytes.getInt();
    if (count < 0) {
      throw new IOException("it has " + count + " entries");
    }
    List<Entry> entries = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int flagged = bytes.remaining() < BEFORE_PLACE ? -1 : bytes.getShort();
      int deaths = flagged < 0 ? -1 : flagged & ~ALONE;
      int length = deaths < 0 ? -1 : bytes.getShort();
      if (deaths < 0 || deaths > MOST_DEATHS || length < 0 || length > bytes.remaining()) {
        throw new IOException("entry " + i + " of " + count + " is none");
      }
      String place = new String(bytes.array(), bytes.position(), length, UTF_8);
      entries.add(new Entry(place, deaths, (flagged & ALONE) != 0));
      bytes.position(bytes.position() + length);
    }
    int end = bytes.position();
    if (count > 0 && checksum(bytes.slice(FIRST, end - FIRST), count) != checksum) {
      throw new IOException("its checksum is another");
    }
    return entries;
  }

  /** Leaves what is noted to be found; nothing is left if nothing is noted. */
  @Override
  public void close() throws IOException {
    if (buffer.getInt(COUNT) == 0) {
      Files.deleteIfExists(file);
    }
    channel.close();
  }
}
