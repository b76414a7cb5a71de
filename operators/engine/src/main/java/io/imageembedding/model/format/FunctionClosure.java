// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.format;

import io.imageembedding.model.ModelException;
import io.imageembedding.model.graph.ContentDigest;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.FunctionDefLibrary;
import org.tensorflow.proto.NameAttrList;
import org.tensorflow.proto.NodeDef;

/**
 * A function and every function that it can reach, with allowed operations only, and without what
 * does not compute (devices, notes for debugging, gradients). They are numbered in the order in
 * which they are met and have names of our own: one that is called like an operation cannot be
 * taken for it.
 */
final class FunctionClosure {
  private final String model;
  private final AllowedOperations allowed;
  private final Map<String, FunctionDef> library = new HashMap<>();
  private final Map<String, String> newNames = new HashMap<>();
  private final Deque<String> open = new ArrayDeque<>();
  private final List<FunctionDef> functions = new ArrayList<>();

  private FunctionClosure(String model, FunctionDefLibrary library, AllowedOperations allowed) {
    this.model = model;
    this.allowed = allowed;
    library.getFunctionList().forEach(f -> this.library.put(f.getSignature().getName(), f));
  }

  /**
   * @throws ModelException naming the operation if one is not allowed
   */
  static FunctionClosure of(
      String model, FunctionDefLibrary library, AllowedOperations allowed, String chosen) {
    FunctionClosure closure = new FunctionClosure(model, library, allowed);
    closure.newName(chosen);
    closure.addOpen();
    return closure;
  }

  /**
   * What nodes outside of any function call.
   *
   * @param nodes are changed: cleaned as those of functions are
   * @throws ModelException naming the operation if one is not allowed
   */
  static FunctionClosure of(
      String model,
      FunctionDefLibrary library,
      AllowedOperations allowed,
      Collection<NodeDef.Builder> nodes) {
    FunctionClosure closure = new FunctionClosure(model, library, allowed);
    nodes.forEach(closure::clean);
    closure.addOpen();
    return closure;
  }

  private void addOpen() {
    while (!open.isEmpty()) {
      add(open.remove());
    }
    new CallNesting(model, functions).require();
  }

  private String newName(String name) {
    String known = newNames.get(name);
    if (known != null) {
      return known;
    }
    if (!library.containsKey(name)) {
      throw ModelException.of(model, "function " + name + " is missing");
    }
    String number = "function_" + newNames.size();
    newNames.put(name, number);
    open.add(name);
    return number;
  }

  private void add(String name) {
    FunctionDef.Builder function =
        library.get(name).toBuilder().clearAttr().clearArgAttr().clearResourceArgUniqueId();
    function.getSignatureBuilder().setName(newName(name)).clearDescription();
    function.getNodeDefBuilderList().forEach(this::clean);
    functions.add(function.build());
  }

  private void clean(NodeDef.Builder node) {
    node.clearDevice().clearExperimentalDebugInfo();
    if (library.containsKey(node.getOp())) {
      node.setOp(newName(node.getOp()));
    } else {
      allowed.require(model, node.getOp());
    }
    new TreeMap<>(node.getAttrMap())
        .forEach((key, attribute) -> node.putAttr(key, renamed(attribute)));
  }

  private AttrValue renamed(AttrValue attribute) {
    if (attribute.hasFunc()) {
      return attribute.toBuilder().setFunc(renamed(attribute.getFunc())).build();
    }
    if (attribute.getList().getFuncCount() > 0) {
      AttrValue.Builder builder = attribute.toBuilder();
      List<NameAttrList> list = attribute.getList().getFuncList();
      builder.getListBuilder().clearFunc().addAllFunc(list.stream().map(this::renamed).toList());
      return builder.build();
    }
    return attribute;
  }

  private NameAttrList renamed(NameAttrList function) {
    return NameAttrList.newBuilder().setName(newName(function.getName())).build();
  }

  /** The functions, the chosen one first. */
  List<FunctionDef> functions() {
    return functions;
  }

  /** Adds every function to the digest, in an encoding with the entries of maps sorted. */
  void addTo(ContentDigest digest) {
    functions.forEach(digest::function);
  }
}
