// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Collection;
import java.util.List;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;

/** Writes a graph node by node. Names have dots where TensorFlow's own would have slashes. */
final class GraphNodes {
  private final GraphDef.Builder graph = GraphDef.newBuilder();

  /** A node that is not in the graph yet. */
  NodeDef.Builder node(String name, String op, String... inputs) {
    return graph.addNodeBuilder().setName(name).setOp(op).addAllInput(List.of(inputs));
  }

  GraphDef.Builder graph() {
    return graph;
  }

  String placeholder(String name, DataType type, TensorShapeProto shape) {
    node(name, "Placeholder")
        .putAttr("dtype", type(type))
        .putAttr("shape", AttrValue.newBuilder().setShape(shape).build());
    return name;
  }

  String constant(String name, TensorProto value) {
    node(name, "Const")
        .putAttr("dtype", type(value.getDtype()))
        .putAttr("value", AttrValue.newBuilder().setTensor(value).build());
    return name;
  }

  String constant(String name, float[] values, long... shape) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return constant(
        name,
        TensorProto.newBuilder()
            .setDtype(DataType.DT_FLOAT)
            .setTensorShape(shape(shape))
            .setTensorContent(ByteString.copyFrom(bytes))
            .build());
  }

  String constant(String name, int... values) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder().setDtype(DataType.DT_INT32).setTensorShape(shape(values.length));
    for (int value : values) {
      tensor.addIntVal(value);
    }
    return constant(name, tensor.build());
  }

  /** A vector of strings. */
  String constant(String name, Collection<String> values) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder().setDtype(DataType.DT_STRING).setTensorShape(shape(values.size()));
    values.forEach(value -> tensor.addStringVal(ByteString.copyFromUtf8(value)));
    return constant(name, tensor.build());
  }

  /** A single string. */
  String constant(String name, String value) {
    return constant(
        name,
        TensorProto.newBuilder()
            .setDtype(DataType.DT_STRING)
            .setTensorShape(shape())
            .addStringVal(ByteString.copyFromUtf8(value))
            .build());
  }

  static TensorShapeProto shape(long... dimensions) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    for (long dimension : dimensions) {
      shape.addDimBuilder().setSize(dimension);
    }
    return shape.build();
  }

  static AttrValue type(DataType type) {
    return AttrValue.newBuilder().setType(type).build();
  }

  static AttrValue types(Collection<DataType> types) {
    return AttrValue.newBuilder()
        .setList(AttrValue.ListValue.newBuilder().addAllType(types))
        .build();
  }

  static AttrValue ints(long... values) {
    AttrValue.ListValue.Builder list = AttrValue.ListValue.newBuilder();
    for (long value : values) {
      list.addI(value);
    }
    return AttrValue.newBuilder().setList(list).build();
  }

  static AttrValue text(String value) {
    return AttrValue.newBuilder().setS(ByteString.copyFromUtf8(value)).build();
  }
}
