// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.format;

import io.imageembedding.model.ModelException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.NameAttrList;
import org.tensorflow.proto.NodeDef;

/** How functions call each other: native code nests as they do, without a limit of its own. */
final class CallNesting {
  private static final int DEEPEST = 64;

  private final String model;
  private final Map<String, Set<String>> callees = new HashMap<>();

  CallNesting(String model, List<FunctionDef> functions) {
    this.model = model;
    Set<String> names = new HashSet<>();
    functions.forEach(function -> names.add(function.getSignature().getName()));
    for (FunctionDef function : functions) {
      Set<String> called = new HashSet<>();
      function.getNodeDefList().forEach(node -> called(node).forEach(called::add));
      called.retainAll(names);
      callees.put(function.getSignature().getName(), called);
    }
  }

  private static Stream<String> called(NodeDef node) {
    return Stream.concat(
        Stream.of(node.getOp()),
        node.getAttrMap().values().stream().flatMap(CallNesting::functions));
  }

  private static Stream<String> functions(AttrValue attribute) {
    return attribute.hasFunc()
        ? Stream.of(attribute.getFunc().getName())
        : attribute.getList().getFuncList().stream().map(NameAttrList::getName);
  }

  /**
   * @throws ModelException if a function calls itself, by others or not, or they nest too deeply
   */
  void require() {
    Map<String, Integer> missing = new HashMap<>();
    callees.values().forEach(all -> all.forEach(each -> missing.merge(each, 1, Integer::sum)));
    Map<String, Integer> depths = new HashMap<>();
    Deque<String> ready = new ArrayDeque<>();
    for (String name : callees.keySet()) {
      if (!missing.containsKey(name)) {
        ready.add(name);
      }
    }
    int done = 0;
    while (!ready.isEmpty()) {
      String name = ready.remove();
      done++;
      int depth = depths.getOrDefault(name, 0) + 1;
      if (depth > DEEPEST) {
        throw ModelException.of(model, "its functions call each other too deeply");
      }
      for (String callee : callees.get(name)) {
        depths.merge(callee, depth, Math::max);
        if (missing.merge(callee, -1, Integer::sum) == 0) {
          ready.add(callee);
        }
      }
    }
    if (done < callees.size()) {
      throw ModelException.of(model, "its functions call each other in a circle");
    }
  }
}
