// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model;

import com.google.protobuf.InvalidProtocolBufferException;
import io.imageembedding.tensorflow.TensorFlowFailure;
import io.imageembedding.tensorflow.TensorFlowRuntime;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.SavedObjectGraphOuterClass.SavedObject;
import org.tensorflow.proto.TrackableObjectGraphOuterClass.TrackableObjectGraph;
import org.tensorflow.proto.TrackableObjectGraphOuterClass.TrackableObjectGraph.TrackableObject;
import org.tensorflow.proto.TrackableObjectGraphOuterClass.TrackableObjectGraph.TrackableObject.ObjectReference;
import org.tensorflow.proto.TrackableObjectGraphOuterClass.TrackableObjectGraph.TrackableObject.SerializedTensor;
import org.tensorflow.types.TString;

/**
 * Under which key the checkpoint holds the value of each variable. The checkpoint has an object
 * graph of its own; both are walked in step from the root, by the names of the children, because
 * keys need not follow any pattern and names of variables need not be unique.
 */
record CheckpointKeys(Map<Integer, String> byObject) {
  private static final String OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH";
  private static final String VARIABLE_VALUE = "VARIABLE_VALUE";

  static CheckpointKeys read(String model, String checkpoint, ObjectGraph objects) {
    TrackableObjectGraph stored;
    try {
      stored = TrackableObjectGraph.parseFrom(readObjectGraph(checkpoint));
    } catch (InvalidProtocolBufferException | TensorFlowFailure e) {
      throw new ModelException(
          "model " + model + ": its variables are damaged, or not those of a SavedModel 2.0", e);
    }
    Map<Integer, String> keys = new HashMap<>();
    Map<Integer, Integer> storedIds = new HashMap<>();
    Deque<Integer> open = new ArrayDeque<>();
    storedIds.put(0, 0);
    open.add(0);
    while (!open.isEmpty()) {
      int id = open.remove();
      int storedId = storedIds.get(id);
      if (storedId < 0 || storedId >= stored.getNodesCount()) {
        continue;
      }
      TrackableObject storedObject = stored.getNodes(storedId);
      SavedObject object = objects.node(id);
      for (SerializedTensor tensor : storedObject.getAttributesList()) {
        if (object.hasVariable() && tensor.getName().equals(VARIABLE_VALUE)) {
          keys.put(id, tensor.getCheckpointKey());
        }
      }
      Map<String, Integer> children = ObjectGraph.children(object);
      for (ObjectReference child : storedObject.getChildrenList()) {
        Integer childId = children.get(child.getLocalName());
        if (childId != null && storedIds.putIfAbsent(childId, child.getNodeId()) == null) {
          open.add(childId);
        }
      }
    }
    return new CheckpointKeys(keys);
  }

  private static byte[] readObjectGraph(String checkpoint) throws TensorFlowFailure {
    GraphNodes nodes = new GraphNodes();
    nodes
        .node(
            "restore",
            "RestoreV2",
            nodes.constant("prefix", checkpoint),
            nodes.constant("key", List.of(OBJECT_GRAPH)),
            nodes.constant("slice", List.of("")))
        .putAttr("dtypes", GraphNodes.types(List.of(DataType.DT_STRING)));
    try (Graph graph = TensorFlowRuntime.newGraph(nodes.graph().build());
        Session session = TensorFlowRuntime.newSession(graph);
        Result result = TensorFlowRuntime.run(() -> session.runner().fetch("restore").run())) {
      return ((TString) result.get(0)).asBytes().getObject();
    }
  }
}
