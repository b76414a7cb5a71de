// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.graph;

import com.google.protobuf.CodedInputStream;
import io.imageembedding.annotation.Internal;
import io.imageembedding.model.ModelException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
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
@Internal
public final class Checkpoint {
  private static final long MAX_INDEX_BYTES = 64L << 20;
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
  public static Checkpoint open(String model, Path prefix) {
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
    return ModelException.of(model, what);
  }

  private void readTable(byte[] file) throws IOException {
    for (Map.Entry<String, byte[]> entry : CheckpointTable.read(file).entrySet()) {
      if (entry.getKey().isEmpty()) {
        shards = BundleHeaderProto.parseFrom(entry.getValue()).getNumShards();
      } else {
        entries.put(entry.getKey(), BundleEntryProto.parseFrom(entry.getValue()));
      }
    }
  }

  private void checkShards() {
    Map<Integer, Long> lengths = new HashMap<>();
    long bytes = 0;
    for (Map.Entry<String, BundleEntryProto> entry : entries.entrySet()) {
      BundleEntryProto place = entry.getValue();
      Path shard = shard(place.getShardId());
      long length =
          lengths.computeIfAbsent(
              place.getShardId(),
              number -> Files.isRegularFile(shard) ? shard.toFile().length() : -1);
      if (length < 0) {
        throw damaged(shard.getFileName() + " is missing");
      }
      if (place.getOffset() < 0
          || place.getSize() < 0
          || place.getSize() > length
          || place.getOffset() > length - place.getSize()) {
        throw damaged(shard.getFileName() + " is too short for variable " + entry.getKey());
      }
      bytes += place.getSize();
    }
    if (bytes > lengths.values().stream().mapToLong(length -> length).sum()) {
      throw damaged("variables lie over each other");
    }
  }

  private Path shard(int number) {
    return Path.of(String.format("%s.data-%05d-of-%05d", prefix, number, shards));
  }

  /** What the names of its files begin with. */
  public String prefix() {
    return prefix.toString();
  }

  /**
   * @throws ModelException if there is no tensor of that key and type
   */
  public void require(String key, DataType type) {
    if (entry(key).getDtype() != type) {
      throw damaged("variable " + key + " is " + entry(key).getDtype() + "; needed: " + type);
    }
    requireWhole(key);
  }

  /** Native code makes room for what a shape says, whatever the file has. */
  private void requireWhole(String key) {
    BundleEntryProto entry = entry(key);
    double elements = 1;
    for (long dimension : shape(entry.getShape())) {
      elements *= dimension;
    }
    int bytes =
        switch (entry.getDtype()) {
          case DT_BOOL, DT_INT8, DT_UINT8 -> 1;
          case DT_HALF, DT_BFLOAT16, DT_INT16, DT_UINT16 -> 2;
          case DT_FLOAT, DT_INT32, DT_UINT32 -> Float.BYTES;
          case DT_DOUBLE, DT_INT64, DT_UINT64 -> Double.BYTES;
          default -> throw damaged("variable " + key + " is of type " + entry.getDtype());
        };
    if (elements * bytes != entry.getSize()) {
      throw damaged("variable " + key + " is not as long as its shape says");
    }
  }

  /** What there is by key: types, shapes and places. */
  public Map<String, BundleEntryProto> entries() {
    return entries;
  }

  public static long[] shape(TensorShapeProto shape) {
    return shape.getDimList().stream().mapToLong(TensorShapeProto.Dim::getSize).toArray();
  }

  /**
   * Values of a float32 tensor.
   *
   * @throws ModelException if there is none, of another type, or damaged
   */
  public FloatTensor floats(String key) {
    require(key, DataType.DT_FLOAT);
    BundleEntryProto entry = entry(key);
    return new FloatTensor(shape(entry.getShape()), bytes(key));
  }

  /** Values of a tensor, if it is of float32. */
  public Optional<FloatTensor> ifFloats(String key) {
    return entry(key).getDtype() == DataType.DT_FLOAT ? Optional.of(floats(key)) : Optional.empty();
  }

  /**
   * Values of a tensor that is not of strings, little-endian and row-major.
   *
   * @throws ModelException if there is none, or it is damaged
   */
  public byte[] bytes(String key) {
    byte[] bytes = read(key);
    checkSum(key, bytes);
    return bytes;
  }

  /**
   * A single string: its length, the checksum of the length, its bytes.
   *
   * @throws ModelException if there is none, or it is damaged
   */
  public byte[] string(String key) {
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
