// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.format;

import io.imageembedding.annotation.Internal;
import io.imageembedding.model.ModelException;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.tensorflow.proto.SavedObjectGraphOuterClass.SavedConcreteFunction;
import org.tensorflow.proto.SavedObjectGraphOuterClass.SavedObject;
import org.tensorflow.proto.SavedObjectGraphOuterClass.SavedObjectGraph;
import org.tensorflow.proto.TrackableObjectGraphOuterClass.TrackableObjectGraph.TrackableObject.ObjectReference;

/** The Python objects of a SavedModel as {@code saved_object_graph.proto} describes them. */
@Internal
public record ObjectGraph(String model, SavedObjectGraph graph) {

  public SavedObject root() {
    return node(0);
  }

  /**
   * @throws ModelException if there is no such object
   */
  SavedObject node(int id) {
    if (id < 0 || id >= graph.getNodesCount()) {
      throw ModelException.of(model, "it refers to an object that it does not have");
    }
    return graph.getNodes(id);
  }

  /** Ids of an object's children by name. */
  static Map<String, Integer> children(SavedObject object) {
    Map<String, Integer> children = new TreeMap<>();
    for (ObjectReference child : object.getChildrenList()) {
      children.put(child.getLocalName(), child.getNodeId());
    }
    return children;
  }

  public Optional<SavedObject> child(SavedObject object, String name) {
    return Optional.ofNullable(children(object).get(name)).map(this::node);
  }

  /**
   * @throws ModelException if there is no such function
   */
  SavedConcreteFunction concreteFunction(String name) {
    SavedConcreteFunction function = graph.getConcreteFunctionsMap().get(name);
    if (function == null) {
      throw ModelException.of(model, "function " + name + " is missing");
    }
    return function;
  }
}
