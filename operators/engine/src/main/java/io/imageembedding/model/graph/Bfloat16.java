// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.graph;

import com.google.protobuf.ByteString;
import io.imageembedding.annotation.Internal;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.TensorProto;

/** Numbers of 8 bits of exponent and 8 of precision: float32 without its lower half. */
@Internal
public final class Bfloat16 {
  private static final int DROPPED_BITS = 16;

  private Bfloat16() {}

  /** The upper half of a float32, rounded to nearest, ties to even. */
  static short bits(float value) {
    int bits = Float.floatToIntBits(value);
    if (Float.isNaN(value)) {
      return (short) (bits >>> DROPPED_BITS);
    }
    int halfMinusTie = 0x7fff + (bits >>> DROPPED_BITS & 1);
    return (short) (bits + halfMinusTie >>> DROPPED_BITS);
  }

  /** The nearest value that can be represented. */
  public static float round(float value) {
    return Float.intBitsToFloat(bits(value) << DROPPED_BITS);
  }

  public static float[] round(float[] values) {
    float[] rounded = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      rounded[i] = round(values[i]);
    }
    return rounded;
  }

  public static TensorProto tensor(float[] values, long... shape) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Short.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      bytes.putShort(bits(value));
    }
    return TensorProto.newBuilder()
        .setDtype(DataType.DT_BFLOAT16)
        .setTensorShape(GraphNodes.shape(shape))
        .setTensorContent(ByteString.copyFrom(bytes.flip()))
        .build();
  }
}
