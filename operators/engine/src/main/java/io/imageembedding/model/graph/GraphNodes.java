// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.graph;

import com.google.protobuf.ByteString;
import io.imageembedding.annotation.Internal;
import java.util.Collection;
import java.util.List;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;

/** Writes a graph node by node. Names have dots where TensorFlow's own would have slashes. */
@Internal
public final class GraphNodes {
  private final GraphDef.Builder graph = GraphDef.newBuilder();

  /** A node that is not in the graph yet. */
  public NodeDef.Builder node(String name, String op, String... inputs) {
    return graph.addNodeBuilder().setName(name).setOp(op).addAllInput(List.of(inputs));
  }

  public GraphDef.Builder graph() {
    return graph;
  }

  public String placeholder(String name, DataType type, TensorShapeProto shape) {
    node(name, "Placeholder")
        .putAttr("dtype", type(type))
        .putAttr("shape", AttrValue.newBuilder().setShape(shape).build());
    return name;
  }

  public String constant(String name, TensorProto value) {
    node(name, "Const")
        .putAttr("dtype", type(value.getDtype()))
        .putAttr("value", AttrValue.newBuilder().setTensor(value).build());
    return name;
  }

  public String constant(String name, float[] values, long... shape) {
    return constant(name, FloatTensor.of(values, shape).proto());
  }

  public String constant(String name, int... values) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder().setDtype(DataType.DT_INT32).setTensorShape(shape(values.length));
    for (int value : values) {
      tensor.addIntVal(value);
    }
    return constant(name, tensor.build());
  }

  /** A vector of strings. */
  public String constant(String name, Collection<String> values) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder().setDtype(DataType.DT_STRING).setTensorShape(shape(values.size()));
    values.forEach(value -> tensor.addStringVal(ByteString.copyFromUtf8(value)));
    return constant(name, tensor.build());
  }

  /** A single string. */
  public String constant(String name, String value) {
    return constant(
        name,
        TensorProto.newBuilder()
            .setDtype(DataType.DT_STRING)
            .setTensorShape(shape())
            .addStringVal(ByteString.copyFromUtf8(value))
            .build());
  }

  public static TensorShapeProto shape(long... dimensions) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    for (long dimension : dimensions) {
      shape.addDimBuilder().setSize(dimension);
    }
    return shape.build();
  }

  public static AttrValue type(DataType type) {
    return AttrValue.newBuilder().setType(type).build();
  }

  public static AttrValue types(Collection<DataType> types) {
    return AttrValue.newBuilder()
        .setList(AttrValue.ListValue.newBuilder().addAllType(types))
        .build();
  }

  public static AttrValue ints(long... values) {
    AttrValue.ListValue.Builder list = AttrValue.ListValue.newBuilder();
    for (long value : values) {
      list.addI(value);
    }
    return AttrValue.newBuilder().setList(list).build();
  }

  public static AttrValue text(String value) {
    return AttrValue.newBuilder().setS(ByteString.copyFromUtf8(value)).build();
  }
}
