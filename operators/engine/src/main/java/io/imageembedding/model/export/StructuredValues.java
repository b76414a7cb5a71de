// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.export;

import java.util.List;
import java.util.Map;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.SavedObjectGraphOuterClass.FunctionSpec;
import org.tensorflow.proto.Struct.DictValue;
import org.tensorflow.proto.Struct.ListValue;
import org.tensorflow.proto.Struct.NamedTupleValue;
import org.tensorflow.proto.Struct.NoneValue;
import org.tensorflow.proto.Struct.PairValue;
import org.tensorflow.proto.Struct.StructuredValue;
import org.tensorflow.proto.Struct.TensorSpecProto;
import org.tensorflow.proto.Struct.TupleValue;
import org.tensorflow.proto.TensorShapeProto;

/** Python's values in the notation of {@code struct.proto}, in which signatures are written. */
final class StructuredValues {
  private StructuredValues() {}

  static StructuredValue floats(String name, TensorShapeProto shape) {
    return StructuredValue.newBuilder()
        .setTensorSpecValue(
            TensorSpecProto.newBuilder().setName(name).setShape(shape).setDtype(DataType.DT_FLOAT))
        .build();
  }

  static StructuredValue bool(boolean value) {
    return StructuredValue.newBuilder().setBoolValue(value).build();
  }

  static StructuredValue tuple(StructuredValue... values) {
    return StructuredValue.newBuilder()
        .setTupleValue(TupleValue.newBuilder().addAllValues(List.of(values)))
        .build();
  }

  static StructuredValue dict(Map<String, StructuredValue> values) {
    return StructuredValue.newBuilder()
        .setDictValue(DictValue.newBuilder().putAllFields(values))
        .build();
  }

  /**
   * A Python function's arguments, as {@code inspect.getfullargspec} says them.
   *
   * @param names of the arguments that may be given by position
   * @param defaults of the last of those, a tuple; null where there are none
   * @param keywords names of the arguments that are given by name only
   */
  static FunctionSpec functionSpec(
      List<String> names, StructuredValue defaults, List<String> keywords) {
    StructuredValue none =
        StructuredValue.newBuilder().setNoneValue(NoneValue.getDefaultInstance()).build();
    NamedTupleValue.Builder arguments = NamedTupleValue.newBuilder().setName("FullArgSpec");
    add(arguments, "args", strings(names));
    add(arguments, "varargs", none);
    add(arguments, "varkw", none);
    add(arguments, "defaults", defaults == null ? none : defaults);
    add(arguments, "kwonlyargs", strings(keywords));
    add(arguments, "kwonlydefaults", none);
    add(arguments, "annotations", dict(Map.of()));
    return FunctionSpec.newBuilder()
        .setFullargspec(StructuredValue.newBuilder().setNamedTupleValue(arguments))
        .setInputSignature(none)
        .build();
  }

  private static void add(NamedTupleValue.Builder tuple, String key, StructuredValue value) {
    tuple.addValues(PairValue.newBuilder().setKey(key).setValue(value));
  }

  private static StructuredValue strings(List<String> values) {
    ListValue.Builder list = ListValue.newBuilder();
    values.forEach(value -> list.addValuesBuilder().setStringValue(value));
    return StructuredValue.newBuilder().setListValue(list).build();
  }
}
