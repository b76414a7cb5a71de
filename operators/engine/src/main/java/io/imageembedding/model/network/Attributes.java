// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.network;

import io.imageembedding.model.graph.FlatGraph.Node;
import io.imageembedding.model.graph.FlatGraph.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.tensorflow.proto.TensorProto;

/** What nodes say of themselves, and what is written in constants. */
final class Attributes {
  private Attributes() {}

  /** Whether height and width have that value; where nothing is said it is 1. */
  static boolean hasInts(Node node, String attribute, long spatial) {
    List<Long> values = node.attribute(attribute).getList().getIList();
    return values.isEmpty()
        ? spatial == 1
        : values.size() == 4 && values.get(1) == spatial && values.get(2) == spatial;
  }

  static boolean isNhwc(Node node) {
    String format = node.attribute("data_format").getS().toStringUtf8();
    return format.isEmpty() || format.equals("NHWC");
  }

  /** Whole numbers of a constant; empty if it is none. */
  static List<Integer> ints(Tensor tensor) {
    Node node = tensor.node();
    if (!node.is("Const")) {
      return List.of();
    }
    TensorProto proto = node.attribute("value").getTensor();
    int count = 1;
    for (var dimension : proto.getTensorShape().getDimList()) {
      count = Math.multiplyExact(count, Math.toIntExact(dimension.getSize()));
    }
    List<Integer> values = new ArrayList<>();
    if (count > 64) {
      return values;
    }
    ByteBuffer content =
        proto.getTensorContent().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      values.add(
          switch (proto.getDtype()) {
            case DT_INT32 ->
                content.capacity() > 0
                    ? content.getInt(i * Integer.BYTES)
                    : proto.getIntVal(Math.min(i, proto.getIntValCount() - 1));
            case DT_INT64 ->
                Math.toIntExact(
                    content.capacity() > 0
                        ? content.getLong(i * Long.BYTES)
                        : proto.getInt64Val(Math.min(i, proto.getInt64ValCount() - 1)));
            default -> throw new IllegalArgumentException("not whole numbers");
          });
    }
    return values;
  }
}
