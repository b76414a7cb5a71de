// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.format;

import com.google.protobuf.InvalidProtocolBufferException;
import io.imageembedding.annotation.Internal;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.graph.Checkpoint;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import org.tensorflow.proto.SavedObjectGraphOuterClass.SavedObject;
import org.tensorflow.proto.TrackableObjectGraphOuterClass.TrackableObjectGraph;
import org.tensorflow.proto.TrackableObjectGraphOuterClass.TrackableObjectGraph.TrackableObject;
import org.tensorflow.proto.TrackableObjectGraphOuterClass.TrackableObjectGraph.TrackableObject.ObjectReference;
import org.tensorflow.proto.TrackableObjectGraphOuterClass.TrackableObjectGraph.TrackableObject.SerializedTensor;

/**
 * Under which key the checkpoint holds the value of each variable. The checkpoint has an object
 * graph of its own; both are walked in step from the root, by the names of the children, because
 * keys need not follow any pattern and names of variables need not be unique.
 */
@Internal
public record CheckpointKeys(Map<Integer, String> byObject) {
  private static final String OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH";
  private static final String VARIABLE_VALUE = "VARIABLE_VALUE";

  public static CheckpointKeys read(String model, Checkpoint checkpoint, ObjectGraph objects) {
    TrackableObjectGraph stored;
    try {
      stored = TrackableObjectGraph.parseFrom(checkpoint.string(OBJECT_GRAPH));
    } catch (InvalidProtocolBufferException e) {
      throw ModelException.of(
          model, "its variables are damaged, or not those of a SavedModel 2.0", e);
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
}
