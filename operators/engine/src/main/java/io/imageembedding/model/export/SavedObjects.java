// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.export;

import java.util.List;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.SavedObjectGraphOuterClass.SavedConcreteFunction;
import org.tensorflow.proto.SavedObjectGraphOuterClass.SavedObject;
import org.tensorflow.proto.SavedObjectGraphOuterClass.SavedObjectGraph;
import org.tensorflow.proto.SavedObjectGraphOuterClass.SavedVariable;
import org.tensorflow.proto.TrackableObjectGraphOuterClass.TrackableObjectGraph;
import org.tensorflow.proto.TrackableObjectGraphOuterClass.TrackableObjectGraph.TrackableObject.ObjectReference;
import org.tensorflow.proto.VersionDef;

/**
 * The objects that Python's {@code tf.saved_model.load} makes of a SavedModel, and beside them,
 * with the same ids and children, as the checkpoint has to describe them.
 */
final class SavedObjects {
  /** The id of the first object, which is the model itself. */
  static final int ROOT = 0;

  private static final String VARIABLE_VALUE = "VARIABLE_VALUE";

  private final SavedObjectGraph.Builder saved = SavedObjectGraph.newBuilder();
  private final TrackableObjectGraph.Builder stored = TrackableObjectGraph.newBuilder();

  /** The id of a new object. */
  int add(SavedObject.Builder object) {
    saved.addNodes(object);
    stored.addNodesBuilder();
    return saved.getNodesCount() - 1;
  }

  /**
   * A Python object without data of its own.
   *
   * @param identifier of its class, as TensorFlow registers them
   */
  int addUserObject(String identifier) {
    SavedObject.Builder object = SavedObject.newBuilder();
    // Without versions Python loads the object, but as one that cannot be used.
    object
        .getUserObjectBuilder()
        .setIdentifier(identifier)
        .setVersion(VersionDef.newBuilder().setProducer(1).setMinConsumer(1));
    return add(object);
  }

  int addVariable(NetworkVariable variable, String key) {
    int id =
        add(
            SavedObject.newBuilder()
                .setVariable(
                    SavedVariable.newBuilder()
                        .setDtype(DataType.DT_FLOAT)
                        .setShape(variable.shape())
                        .setTrainable(variable.isTrainable())
                        .setName(variable.name())));
    stored
        .getNodesBuilder(id)
        .addAttributesBuilder()
        .setName(VARIABLE_VALUE)
        .setFullName(variable.name())
        .setCheckpointKey(key);
    return id;
  }

  void addChild(int parent, String name, int child) {
    ObjectReference reference =
        ObjectReference.newBuilder().setLocalName(name).setNodeId(child).build();
    saved.getNodesBuilder(parent).addChildren(reference);
    stored.getNodesBuilder(parent).addChildren(reference);
  }

  /** A list, a child of the root. */
  void addList(String name, List<Integer> items) {
    int list = addUserObject("trackable_list_wrapper");
    addChild(ROOT, name, list);
    for (int i = 0; i < items.size(); i++) {
      addChild(list, String.valueOf(i), items.get(i));
    }
  }

  void addFunction(String name, SavedConcreteFunction function) {
    saved.putConcreteFunctions(name, function);
  }

  SavedObjectGraph saved() {
    return saved.build();
  }

  TrackableObjectGraph stored() {
    return stored.build();
  }
}
