// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import io.imageembedding.model.network.FloatTensor;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import org.tensorflow.proto.BundleEntryProto;
import org.tensorflow.proto.BundleHeaderProto;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.TensorShapeProto;

/**
 * Tensors by key in TensorFlow's checkpoint format V2 ({@code tensorflow/core/util/tensor_bundle}):
 * an index, which is a sorted table in LevelDB's format, and shards with the values. Nothing of it
 * is trusted: offsets, lengths and checksums are checked.
 */
final class Checkpoint {
  private static final long MAX_INDEX_BYTES = 64L << 20;
  private static final long TABLE_MAGIC = 0xdb4775248b80fb57L;
  private static final int FOOTER_BYTES = 48;
  private static final int CRC_MASK = 0xa282ead8;

  private final String model;
  private final Path prefix;
  private final Map<String, BundleEntryProto> entries = new TreeMap<>();
  private int shards = 1;

  private Checkpoint(String model, Path prefix) {
    this.model = model;
    this.prefix = prefix;
  }

  /**
   * Reads the index.
   *
   * @param prefix what the names of its files begin with
   * @throws ModelException if there is none, it is damaged, or a shard is missing or too short
   */
  static Checkpoint open(String model, Path prefix) {
    Checkpoint checkpoint = new Checkpoint(model, prefix);
    Path index = Path.of(prefix + ".index");
    try {
      if (!Files.isRegularFile(index)) {
        throw checkpoint.damaged(index.getFileName() + " is missing");
      }
      if (Files.size(index) > MAX_INDEX_BYTES) {
        throw checkpoint.damaged(index.getFileName() + " is too large");
      }
      checkpoint.readTable(Files.readAllBytes(index));
    } catch (IOException | RuntimeException e) {
      if (e instanceof ModelException known) {
        throw known;
      }
      throw checkpoint.damaged(index.getFileName() + " is damaged");
    }
    checkpoint.checkShards();
    return checkpoint;
  }

  private ModelException damaged(String what) {
    return new ModelException("model " + model + ": " + what);
  }

  private void readTable(byte[] file) throws IOException {
    ByteBuffer footer = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    if (file.length < FOOTER_BYTES || footer.getLong(file.length - 8) != TABLE_MAGIC) {
      throw new IOException("no table");
    }
    CodedInputStream handles =
        CodedInputStream.newInstance(file, file.length - FOOTER_BYTES, FOOTER_BYTES);
    handles.readRawVarint64();
    handles.readRawVarint64();
    Map<String, byte[]> blocks =
        readBlock(file, handles.readRawVarint64(), handles.readRawVarint64());
    for (byte[] handle : blocks.values()) {
      CodedInputStream in = CodedInputStream.newInstance(handle);
      for (Map.Entry<String, byte[]> entry :
          readBlock(file, in.readRawVarint64(), in.readRawVarint64()).entrySet()) {
        if (entry.getKey().isEmpty()) {
          shards = BundleHeaderProto.parseFrom(entry.getValue()).getNumShards();
        } else {
          entries.put(entry.getKey(), entry(entry.getValue()));
        }
      }
    }
  }

  private static BundleEntryProto entry(byte[] bytes) throws InvalidProtocolBufferException {
    return BundleEntryProto.parseFrom(bytes);
  }

  /** Keys and values of a block: each key says how much it shares with the one before. */
  private static Map<String, byte[]> readBlock(byte[] file, long offset, long size)
      throws IOException {
    if (offset < 0 || size < 4 || offset + size + 1 > file.length) {
      throw new IOException("a block outside of the file");
    }
    if (file[(int) (offset + size)] != 0) {
      throw new IOException("a compressed block");
    }
    ByteBuffer block = ByteBuffer.wrap(file, (int) offset, (int) size);
    int restarts = block.order(ByteOrder.LITTLE_ENDIAN).getInt((int) (offset + size) - 4);
    int length = Math.toIntExact(size - 4 - 4L * restarts);
    CodedInputStream in = CodedInputStream.newInstance(file, (int) offset, length);
    Map<String, byte[]> entries = new TreeMap<>();
    byte[] key = new byte[0];
    while (!in.isAtEnd()) {
      int shared = in.readRawVarint32();
      int rest = in.readRawVarint32();
      int value = in.readRawVarint32();
      byte[] next = Arrays.copyOf(Arrays.copyOf(key, shared), shared + rest);
      System.arraycopy(in.readRawBytes(rest), 0, next, shared, rest);
      key = next;
      entries.put(new String(key, StandardCharsets.UTF_8), in.readRawBytes(value));
    }
    return entries;
  }

  private void checkShards() {
    for (Map.Entry<String, BundleEntryProto> entry : entries.entrySet()) {
      BundleEntryProto place = entry.getValue();
      Path shard = shard(place.getShardId());
      if (!Files.isRegularFile(shard)) {
        throw damaged(shard.getFileName() + " is missing");
      }
      long end = place.getOffset() + place.getSize();
      if (place.getOffset() < 0 || place.getSize() < 0 || end > shard.toFile().length()) {
        throw damaged(shard.getFileName() + " is too short for variable " + entry.getKey());
      }
    }
  }

  private Path shard(int number) {
    return Path.of(String.format("%s.data-%05d-of-%05d", prefix, number, shards));
  }

  /** What the names of its files begin with. */
  String prefix() {
    return prefix.toString();
  }

  /**
   * @throws ModelException if there is no tensor of that key and type
   */
  void require(String key, DataType type) {
    if (entry(key).getDtype() != type) {
      throw damaged("variable " + key + " is " + entry(key).getDtype() + "; needed: " + type);
    }
  }

  /** What there is by key: types, shapes and places. */
  Map<String, BundleEntryProto> entries() {
    return entries;
  }

  static long[] shape(TensorShapeProto shape) {
    return shape.getDimList().stream().mapToLong(TensorShapeProto.Dim::getSize).toArray();
  }

  /**
   * Values of a float32 tensor.
   *
   * @throws ModelException if there is none, of another type, or damaged
   */
  FloatTensor floats(String key) {
    require(key, DataType.DT_FLOAT);
    BundleEntryProto entry = entry(key);
    FloatTensor tensor = new FloatTensor(shape(entry.getShape()), bytes(key));
    if (tensor.elements() * Float.BYTES != entry.getSize()) {
      throw damaged("variable " + key + " is not as long as its shape says");
    }
    return tensor;
  }

  /** Values of a tensor, if it is of float32. */
  Optional<FloatTensor> ifFloats(String key) {
    return entry(key).getDtype() == DataType.DT_FLOAT ? Optional.of(floats(key)) : Optional.empty();
  }

  /**
   * Values of a tensor that is not of strings, little-endian and row-major.
   *
   * @throws ModelException if there is none, or it is damaged
   */
  byte[] bytes(String key) {
    byte[] bytes = read(key);
    checkSum(key, bytes);
    return bytes;
  }

  /**
   * A single string: its length, the checksum of the length, its bytes.
   *
   * @throws ModelException if there is none, or it is damaged
   */
  byte[] string(String key) {
    byte[] bytes = read(key);
    try {
      CodedInputStream in = CodedInputStream.newInstance(bytes);
      int length = in.readRawVarint32();
      int begin = in.getTotalBytesRead() + Integer.BYTES;
      if (entry(key).getDtype() != DataType.DT_STRING || length != bytes.length - begin) {
        throw damaged(key + " is no single string");
      }
      return Arrays.copyOfRange(bytes, begin, bytes.length);
    } catch (IOException e) {
      throw damaged(key + " is no single string");
    }
  }

  private BundleEntryProto entry(String key) {
    BundleEntryProto entry = entries.get(key);
    if (entry == null) {
      throw damaged("the checkpoint has no " + key);
    }
    if (entry.getSlicesCount() > 0) {
      throw damaged("variable " + key + " is partitioned, which is not read");
    }
    return entry;
  }

  private byte[] read(String key) {
    BundleEntryProto entry = entry(key);
    Path shard = shard(entry.getShardId());
    byte[] bytes = new byte[Math.toIntExact(entry.getSize())];
    try (RandomAccessFile file = new RandomAccessFile(shard.toFile(), "r")) {
      file.seek(entry.getOffset());
      file.readFully(bytes);
    } catch (IOException e) {
      throw damaged(shard.getFileName() + " cannot be read");
    }
    return bytes;
  }

  private void checkSum(String key, byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, bytes.length);
    int value = (int) crc.getValue();
    if ((value >>> 15 | value << 17) + CRC_MASK != entry(key).getCrc32C()) {
      throw damaged("variable " + key + " is damaged: its checksum does not fit");
    }
  }
}
