// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.format;

import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelOptions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.SavedObjectGraphOuterClass.FunctionSpec;
import org.tensorflow.proto.SavedObjectGraphOuterClass.SavedConcreteFunction;
import org.tensorflow.proto.SavedObjectGraphOuterClass.SavedObject;
import org.tensorflow.proto.Struct.StructuredValue;
import org.tensorflow.proto.Struct.TensorSpecProto;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;

/**
 * Finds the function that turns images into vectors: the signature {@code serving_default}, or the
 * only one there is; else the root's {@code __call__} as it was traced for inference ({@code
 * training=False}). Of several traces the one with the fewest further arguments is taken; those are
 * given their defaults.
 */
final class ImageFunctionChooser {
  private static final String DEFAULT_SIGNATURE = "serving_default";

  private final String model;
  private final ObjectGraph objects;
  private final ModelOptions options;
  private final List<String> rejected = new ArrayList<>();

  ImageFunctionChooser(String model, ObjectGraph objects, ModelOptions options) {
    this.model = model;
    this.objects = objects;
    this.options = options;
  }

  /**
   * @throws ModelException if there is none, saying what there is
   */
  ImageFunction choose() {
    Map<String, Integer> signatures =
        objects.child(objects.root(), "signatures").map(ObjectGraph::children).orElse(Map.of());
    String wanted = options.signature();
    if (wanted != null) {
      if (!signatures.containsKey(wanted)) {
        throw ModelException.of(
            model,
            "it has no signature " + wanted + "; found: " + String.join(", ", signatures.keySet()));
      }
      return bestOf(signatures, wanted).orElseThrow(this::none);
    }
    String first =
        signatures.size() == 1 ? signatures.keySet().iterator().next() : DEFAULT_SIGNATURE;
    return bestOf(signatures, first)
        .or(() -> objects.child(objects.root(), "__call__").flatMap(this::bestOf))
        .or(() -> onlyOne(signatures, first))
        .orElseThrow(this::none);
  }

  private Optional<ImageFunction> bestOf(Map<String, Integer> signatures, String name) {
    Integer id = signatures.get(name);
    if (id == null) {
      return Optional.empty();
    }
    int before = rejected.size();
    Optional<ImageFunction> best = bestOf(objects.node(id));
    List<String> reasons = rejected.subList(before, rejected.size());
    reasons.replaceAll(reason -> "signature " + name + " " + reason.replaceFirst("^\\S+ ", ""));
    return best;
  }

  /** The only one of the other signatures that fits. */
  private Optional<ImageFunction> onlyOne(Map<String, Integer> signatures, String tried) {
    Map<String, ImageFunction> fitting = new TreeMap<>();
    for (String name : signatures.keySet()) {
      if (!name.equals(tried)) {
        bestOf(signatures, name).ifPresent(function -> fitting.put(name, function));
      }
    }
    if (fitting.size() > 1) {
      throw ModelException.of(
          model,
          "several signatures take images and give vectors: "
              + String.join(", ", fitting.keySet())
              + "; choose by --signature");
    }
    return fitting.values().stream().findFirst();
  }

  private ModelException none() {
    return ModelException.of(
        model,
        "no function takes images; needed: one of float32 or uint8 [any, size, size, 3] to"
            + " [any, features] of a float type, as signature or __call__ (a signature, an input,"
            + " an output or an open size can be chosen by option); found: "
            + (rejected.isEmpty() ? "neither" : String.join("; ", rejected)));
  }

  private Optional<ImageFunction> bestOf(SavedObject object) {
    List<ImageFunction> fitting = new ArrayList<>();
    if (object.hasBareConcreteFunction()) {
      String name = object.getBareConcreteFunction().getConcreteFunctionName();
      candidate(name, object.getBareConcreteFunction().getFunctionSpec()).ifPresent(fitting::add);
    }
    for (String name : object.getFunction().getConcreteFunctionsList()) {
      candidate(name, object.getFunction().getFunctionSpec()).ifPresent(fitting::add);
    }
    return fitting.stream()
        .min(
            Comparator.comparing(this::isOfAnotherSize)
                .thenComparing(function -> function.inputType() != DataType.DT_FLOAT)
                .thenComparingInt(function -> function.arguments().size()));
  }

  private boolean isOfAnotherSize(ImageFunction function) {
    return options.inputSize() != null && options.inputSize() != function.inputSize();
  }

  private Optional<ImageFunction> candidate(String name, FunctionSpec spec) {
    SavedConcreteFunction function = objects.concreteFunction(name);
    List<Argument> arguments = arguments(function.getCanonicalizedInputSignature(), spec);
    List<TensorProto> tensors = new ArrayList<>();
    int size = -1;
    int images = 0;
    DataType inputType = DataType.DT_FLOAT;
    for (Argument argument : arguments) {
      if (argument.tensor() == null) {
        if (argument.name().equals("training") && argument.literal().getBoolValue()) {
          return reject(name, "is for training");
        }
      } else if (isImages(argument.tensor())) {
        if (!isWanted(argument)) {
          return reject(name, "takes images as " + argument.name() + ", not " + options.input());
        }
        images++;
        inputType = argument.tensor().getDtype();
        size = ImageShape.size(argument.tensor().getShape(), options).orElseThrow();
        tensors.add(null);
      } else {
        Optional<TensorProto> value = defaultValue(argument);
        if (value.isEmpty()) {
          return reject(name, "takes " + describe(argument.tensor()));
        }
        tensors.add(value.get());
      }
    }
    if (images != 1) {
      return reject(name, "takes " + images + " tensors of images");
    }
    List<Argument> outputs = outputs(function.getOutputSignature());
    int output = output(name, outputs);
    return output < 0
        ? Optional.empty()
        : Optional.of(
            new ImageFunction(
                name,
                size,
                tensors,
                function.getBoundInputsList(),
                output,
                inputType,
                outputs.get(output).tensor().getDtype()));
  }

  private Optional<ImageFunction> reject(String name, String reason) {
    rejected.add(name + " " + reason);
    return Optional.empty();
  }

  /** An argument of a trace: a tensor with its specification, or a literal. */
  private record Argument(
      String name, TensorSpecProto tensor, StructuredValue literal, StructuredValue byDefault) {}

  /** Arguments in the order of the function's inputs: positional ones, then keywords sorted. */
  private static List<Argument> arguments(StructuredValue signature, FunctionSpec spec) {
    List<StructuredValue> both = signature.getTupleValue().getValuesList();
    List<Argument> arguments = new ArrayList<>();
    if (both.isEmpty()) {
      return arguments;
    }
    Map<String, StructuredValue> argSpec = namedValues(spec.getFullargspec());
    List<StructuredValue> names =
        argSpec
            .getOrDefault("args", StructuredValue.getDefaultInstance())
            .getListValue()
            .getValuesList();
    List<StructuredValue> defaults = items(argSpec.get("defaults"));
    int self =
        spec.getIsMethod() && !names.isEmpty() && names.get(0).getStringValue().equals("self")
            ? 1
            : 0;
    List<StructuredValue> positional = items(both.get(0));
    for (int i = 0; i < positional.size(); i++) {
      int place = i + self;
      String name = place < names.size() ? names.get(place).getStringValue() : "";
      int defaultPlace = place - (names.size() - defaults.size());
      StructuredValue byDefault =
          defaultPlace >= 0 && defaultPlace < defaults.size() ? defaults.get(defaultPlace) : null;
      flatten(name, positional.get(i), byDefault, arguments, 0);
    }
    if (both.size() > 1) {
      flatten("", both.get(1), null, arguments, 0);
    }
    return arguments;
  }

  private static void flatten(
      String name,
      StructuredValue value,
      StructuredValue byDefault,
      List<Argument> into,
      int depth) {
    if (depth > 16) {
      throw new ModelException("a function's arguments are nested too deeply");
    }
    switch (value.getKindCase()) {
      case TENSOR_SPEC_VALUE ->
          into.add(new Argument(name, value.getTensorSpecValue(), null, byDefault));
      case BOUNDED_TENSOR_SPEC_VALUE ->
          into.add(
              new Argument(
                  name,
                  TensorSpecProto.newBuilder()
                      .setDtype(value.getBoundedTensorSpecValue().getDtype())
                      .setShape(value.getBoundedTensorSpecValue().getShape())
                      .build(),
                  null,
                  byDefault));
      case TUPLE_VALUE, LIST_VALUE ->
          items(value).forEach(item -> flatten(name, item, null, into, depth + 1));
      case DICT_VALUE ->
          value.getDictValue().getFieldsMap().entrySet().stream()
              .sorted(Map.Entry.comparingByKey())
              .forEach(entry -> flatten(entry.getKey(), entry.getValue(), null, into, depth + 1));
      default -> into.add(new Argument(name, null, value, byDefault));
    }
  }

  private static List<StructuredValue> items(StructuredValue value) {
    if (value == null) {
      return List.of();
    }
    return value.hasTupleValue()
        ? value.getTupleValue().getValuesList()
        : value.getListValue().getValuesList();
  }

  private static Map<String, StructuredValue> namedValues(StructuredValue namedTuple) {
    Map<String, StructuredValue> values = new HashMap<>();
    namedTuple
        .getNamedTupleValue()
        .getValuesList()
        .forEach(pair -> values.put(pair.getKey(), pair.getValue()));
    return Collections.unmodifiableMap(values);
  }

  private boolean isWanted(Argument argument) {
    return options.input() == null || options.input().equals(argument.name());
  }

  private boolean isImages(TensorSpecProto spec) {
    return NetworkPorts.takes(spec.getDtype())
        && ImageShape.size(spec.getShape(), options).isPresent();
  }

  /**
   * The default of a scalar argument: a flag is off, a number is what the function's author set.
   */
  private static Optional<TensorProto> defaultValue(Argument argument) {
    TensorSpecProto spec = argument.tensor();
    if (spec.getShape().getUnknownRank() || spec.getShape().getDimCount() != 0) {
      return Optional.empty();
    }
    TensorProto.Builder value =
        TensorProto.newBuilder()
            .setDtype(spec.getDtype())
            .setTensorShape(TensorShapeProto.getDefaultInstance());
    if (spec.getDtype() == DataType.DT_BOOL && argument.name().equals("training")) {
      return Optional.of(value.addBoolVal(false).build());
    }
    StructuredValue byDefault = argument.byDefault();
    if (spec.getDtype() == DataType.DT_FLOAT && byDefault != null) {
      if (byDefault.hasFloat64Value()) {
        return Optional.of(value.addFloatVal((float) byDefault.getFloat64Value()).build());
      }
      if (byDefault.hasInt64Value()) {
        return Optional.of(value.addFloatVal(byDefault.getInt64Value()).build());
      }
    }
    return Optional.empty();
  }

  private static List<Argument> outputs(StructuredValue signature) {
    List<Argument> outputs = new ArrayList<>();
    flatten("", signature, null, outputs, 0);
    outputs.removeIf(output -> output.tensor() == null);
    return outputs;
  }

  /** Index of the only output that can be vectors, one of float32 before others; or -1. */
  private int output(String function, List<Argument> outputs) {
    List<Argument> fitting =
        outputs.stream()
            .filter(output -> options.output() == null || options.output().equals(output.name()))
            .filter(output -> isVectors(output.tensor()))
            .toList();
    List<Argument> ofFloat32 =
        fitting.stream().filter(output -> output.tensor().getDtype() == DataType.DT_FLOAT).toList();
    List<Argument> best = ofFloat32.isEmpty() ? fitting : ofFloat32;
    if (best.size() != 1) {
      reject(
          function,
          best.isEmpty()
              ? "gives no [any, features] of a float type"
                  + (options.output() == null ? "" : " as " + options.output())
              : "gives several vectors: "
                  + best.stream().map(Argument::name).collect(Collectors.joining(", "))
                  + " (choose by --output-name)");
      return -1;
    }
    return outputs.indexOf(best.get(0));
  }

  private static boolean isVectors(TensorSpecProto spec) {
    return NetworkPorts.gives(spec.getDtype()) && ImageShape.isVectors(spec.getShape());
  }

  /** Every concrete function of {@code __call__}, with what it takes and gives. */
  static List<String> all(ObjectGraph objects) {
    Optional<SavedObject> call = objects.child(objects.root(), "__call__");
    List<String> described = new ArrayList<>();
    List<String> names = new ArrayList<>();
    call.ifPresent(object -> names.addAll(object.getFunction().getConcreteFunctionsList()));
    for (String name : names) {
      SavedConcreteFunction function = objects.concreteFunction(name);
      List<Argument> outputs = new ArrayList<>();
      flatten("", function.getOutputSignature(), null, outputs, 0);
      FunctionSpec spec = call.orElseThrow().getFunction().getFunctionSpec();
      described.add(
          name
              + ": "
              + text(arguments(function.getCanonicalizedInputSignature(), spec))
              + " -> "
              + text(outputs));
    }
    return described;
  }

  private static String text(List<Argument> arguments) {
    return arguments.stream()
        .map(
            argument ->
                argument.tensor() != null
                    ? (argument.name() + " " + describe(argument.tensor())).strip()
                    : argument.name() + "=" + literal(argument.literal()))
        .collect(Collectors.joining(", "));
  }

  private static String literal(StructuredValue value) {
    return switch (value.getKindCase()) {
      case BOOL_VALUE -> value.getBoolValue() ? "True" : "False";
      case FLOAT64_VALUE -> String.valueOf(value.getFloat64Value());
      case INT64_VALUE -> String.valueOf(value.getInt64Value());
      case STRING_VALUE -> value.getStringValue();
      case NONE_VALUE -> "None";
      default -> "…";
    };
  }

  private static String describe(TensorSpecProto spec) {
    return ImageShape.text(spec.getDtype(), spec.getShape());
  }
}
