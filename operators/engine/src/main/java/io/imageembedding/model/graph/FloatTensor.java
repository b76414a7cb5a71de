// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.graph;

import com.google.protobuf.ByteString;
import io.imageembedding.annotation.Internal;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Optional;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;

/**
 * A tensor's shape and its values as little-endian float32.
 *
 * @param bytes not to be changed
 */
@Internal
public record FloatTensor(long[] shape, byte[] bytes) {
  private static final long MAX_ELEMENTS = 1L << 28;

  public static FloatTensor of(float[] values, long... shape) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return new FloatTensor(shape, bytes.array());
  }

  /**
   * A float32 tensor from its message, in which equal values at the end may be left out.
   *
   * @return empty if it is of another type, or not as long as its shape says
   */
  public static Optional<FloatTensor> of(TensorProto proto) {
    long[] shape =
        proto.getTensorShape().getDimList().stream()
            .mapToLong(TensorShapeProto.Dim::getSize)
            .toArray();
    long elements = Arrays.stream(shape).reduce(1, Math::multiplyExact);
    if (proto.getDtype() != DataType.DT_FLOAT || elements < 0 || elements > MAX_ELEMENTS) {
      return Optional.empty();
    }
    if (!proto.getTensorContent().isEmpty()) {
      return proto.getTensorContent().size() == elements * Float.BYTES
          ? Optional.of(new FloatTensor(shape, proto.getTensorContent().toByteArray()))
          : Optional.empty();
    }
    int given = proto.getFloatValCount();
    if (given > elements) {
      return Optional.empty();
    }
    float[] values = new float[(int) elements];
    for (int i = 0; i < values.length; i++) {
      values[i] = given == 0 ? 0 : proto.getFloatVal(Math.min(i, given - 1));
    }
    return Optional.of(of(values, shape));
  }

  public float[] values() {
    float[] values = new float[bytes.length / Float.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
    return values;
  }

  public TensorProto proto() {
    return TensorProto.newBuilder()
        .setDtype(DataType.DT_FLOAT)
        .setTensorShape(GraphNodes.shape(shape))
        .setTensorContent(ByteString.copyFrom(bytes))
        .build();
  }

  /** Number of elements that the shape says. */
  public long elements() {
    return Arrays.stream(shape).reduce(1, Math::multiplyExact);
  }
}
