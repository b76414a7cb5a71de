// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.network;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.TensorProto;

/**
 * A tensor's shape and its values as little-endian float32.
 *
 * @param bytes not to be changed
 */
public record FloatTensor(long[] shape, byte[] bytes) {

  public static FloatTensor of(float[] values, long... shape) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return new FloatTensor(shape, bytes.array());
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
