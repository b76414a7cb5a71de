// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.graph;

import io.imageembedding.annotation.Internal;
import io.imageembedding.tensorflow.TensorFlowFailure;
import io.imageembedding.tensorflow.TensorFlowRuntime;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.tensorflow.Graph;
import org.tensorflow.Session;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorProto;

/** Writes tensors by key in TensorFlow's checkpoint format V2, in one shard. */
@Internal
public final class CheckpointWriter {
  private static final String SAVE = "save";

  private CheckpointWriter() {}

  /**
   * @param prefix what the names of the files begin with
   * @throws TensorFlowFailure if they cannot be written
   */
  public static void write(Path prefix, Map<String, TensorProto> tensors) throws TensorFlowFailure {
    GraphNodes nodes = new GraphNodes();
    List<String> values = new ArrayList<>();
    for (TensorProto tensor : tensors.values()) {
      values.add(nodes.constant("value." + values.size(), tensor));
    }
    addSave(
        nodes,
        SAVE,
        nodes.constant("prefix", prefix.toString()),
        List.copyOf(tensors.keySet()),
        values,
        tensors.values().stream().map(TensorProto::getDtype).toList());
    try (Graph graph = TensorFlowRuntime.newGraph(nodes.graph().build());
        Session session = TensorFlowRuntime.newSession(graph)) {
      TensorFlowRuntime.run(
          () -> {
            session.runner().addTarget(SAVE).run().close();
            return null;
          });
    }
  }

  /** An operation that writes whole tensors under keys. */
  public static void addSave(
      GraphNodes nodes,
      String name,
      String prefix,
      List<String> keys,
      List<String> values,
      List<DataType> types) {
    NodeDef.Builder save =
        nodes
            .node(
                name,
                "SaveV2",
                prefix,
                nodes.constant(name + ".keys", keys),
                nodes.constant(name + ".slices", keys.stream().map(key -> "").toList()))
            .putAttr("dtypes", GraphNodes.types(types));
    save.addAllInput(values);
  }
}
