// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.graph;

import com.google.protobuf.CodedInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * Keys and values of a sorted table in LevelDB's format, without compression. A key says how much
 * of it is as in the one before, and a block can be named twice, so that a small file can stand for
 * a large table: what is read, and what the keys have together, is bounded by the file's length.
 */
final class CheckpointTable {
  private static final long MAGIC = 0xdb4775248b80fb57L;
  private static final int FOOTER_BYTES = 48;
  private static final int SHORTEST_ENTRY = 3;
  private static final long MOST_KEY_BYTES = 64L << 20;

  private final byte[] file;
  private long blockBytes;
  private long keyBytes;

  private CheckpointTable(byte[] file) {
    this.file = file;
  }

  /**
   * @throws IOException if it is damaged
   */
  static Map<String, byte[]> read(byte[] file) throws IOException {
    return new CheckpointTable(file).entries();
  }

  private Map<String, byte[]> entries() throws IOException {
    ByteBuffer footer = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    if (file.length < FOOTER_BYTES || footer.getLong(file.length - Long.BYTES) != MAGIC) {
      throw new IOException("no table");
    }
    CodedInputStream handles =
        CodedInputStream.newInstance(file, file.length - FOOTER_BYTES, FOOTER_BYTES);
    handles.readRawVarint64();
    handles.readRawVarint64();
    Map<String, byte[]> blocks = block(handles.readRawVarint64(), handles.readRawVarint64());
    Map<String, byte[]> entries = new TreeMap<>();
    for (byte[] handle : blocks.values()) {
      CodedInputStream in = CodedInputStream.newInstance(handle);
      entries.putAll(block(in.readRawVarint64(), in.readRawVarint64()));
    }
    return entries;
  }

  private Map<String, byte[]> block(long offset, long size) throws IOException {
    if (offset < 0 || size < Integer.BYTES || offset >= file.length - size) {
      throw new IOException("a block outside of the file");
    }
    blockBytes += size;
    if (blockBytes > file.length) {
      throw new IOException("blocks over each other");
    }
    int end = (int) (offset + size);
    if (file[end] != 0) {
      throw new IOException("a compressed block");
    }
    long restarts =
        ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getInt(end - Integer.BYTES);
    long length = size - Integer.BYTES - Integer.BYTES * restarts;
    if (restarts < 0 || length < 0) {
      throw new IOException("restarts outside of their block");
    }
    CodedInputStream in = CodedInputStream.newInstance(file, (int) offset, (int) length);
    Map<String, byte[]> entries = new TreeMap<>();
    byte[] key = new byte[0];
    while (!in.isAtEnd()) {
      int shared = in.readRawVarint32();
      int rest = in.readRawVarint32();
      int value = in.readRawVarint32();
      if (shared < 0 || shared > key.length || rest < 0 || rest > length || value < 0) {
        throw new IOException("an entry outside of its block");
      }
      keyBytes += shared + rest + SHORTEST_ENTRY;
      if (keyBytes > MOST_KEY_BYTES) {
        throw new IOException("keys of more than " + MOST_KEY_BYTES + " bytes");
      }
      byte[] next = Arrays.copyOf(key, shared + rest);
      System.arraycopy(in.readRawBytes(rest), 0, next, shared, rest);
      key = next;
      entries.put(new String(key, StandardCharsets.UTF_8), in.readRawBytes(value));
    }
    return entries;
  }
}
