// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.format;

import io.imageembedding.image.InputRange;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.graph.GraphNodes;
import java.util.List;
import java.util.Set;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;

/**
 * What stands between colours in [0,1] and the numbers that a network takes for them, and between
 * what it gives and vectors of float32. Nothing stands there where they are the same.
 */
final class NetworkPorts {
  private static final String PIXELS = "pixels";
  private static final String VECTORS = "vectors";
  private static final Set<DataType> OF_IMAGES = Set.of(DataType.DT_FLOAT, DataType.DT_UINT8);
  private static final Set<DataType> OF_VECTORS =
      Set.of(DataType.DT_FLOAT, DataType.DT_HALF, DataType.DT_BFLOAT16, DataType.DT_DOUBLE);

  private NetworkPorts() {}

  static boolean takes(DataType type) {
    return OF_IMAGES.contains(type);
  }

  static boolean gives(DataType type) {
    return OF_VECTORS.contains(type);
  }

  /**
   * A placeholder of colours in [0,1], and a node of the name that gives what the network takes.
   *
   * @return name of the placeholder
   * @throws ModelException if bytes are to be of another range
   */
  static String input(GraphNodes nodes, String name, DataType type, int size, InputRange range) {
    boolean bytes = type == DataType.DT_UINT8;
    if (bytes && !Set.of(InputRange.UNIT, InputRange.BYTES).contains(range)) {
      throw new ModelException(
          "--input-range "
              + range
              + " is of no use for a model that takes bytes, which are 0..255");
    }
    boolean asTheyAre = !bytes && range.equals(InputRange.UNIT);
    String placeholder =
        nodes.placeholder(
            asTheyAre ? name : PIXELS, DataType.DT_FLOAT, GraphNodes.shape(-1, size, size, 3));
    if (asTheyAre) {
      return placeholder;
    }
    InputRange taken = bytes ? InputRange.BYTES : range;
    String last = binary(nodes, "Mul", ".scaled", placeholder, taken.scale());
    if (taken.shift().stream().anyMatch(shift -> shift != 0)) {
      last = binary(nodes, "AddV2", ".shifted", last, taken.shift());
    }
    if (bytes) {
      nodes.node(PIXELS + ".rounded", "Round", last).putAttr("T", type(DataType.DT_FLOAT));
      nodes
          .node(name, "Cast", PIXELS + ".rounded")
          .putAttr("SrcT", type(DataType.DT_FLOAT))
          .putAttr("DstT", type(DataType.DT_UINT8));
    } else {
      nodes.node(name, "Identity", last).putAttr("T", type(DataType.DT_FLOAT));
    }
    return placeholder;
  }

  private static String binary(
      GraphNodes nodes, String op, String end, String input, List<Float> values) {
    float[] row = {values.get(0), values.get(1), values.get(2)};
    String name = PIXELS + end;
    nodes
        .node(name, op, input, nodes.constant(name + ".by", row, row.length))
        .putAttr("T", type(DataType.DT_FLOAT));
    return name;
  }

  private static AttrValue type(DataType type) {
    return GraphNodes.type(type);
  }

  /**
   * @return the tensor as float32
   */
  static String output(GraphNodes nodes, String tensor, DataType type) {
    if (type == DataType.DT_FLOAT) {
      return tensor;
    }
    nodes
        .node(VECTORS, "Cast", tensor)
        .putAttr("SrcT", type(type))
        .putAttr("DstT", type(DataType.DT_FLOAT));
    return VECTORS;
  }
}
