// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.format;

import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelOptions;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The operations that a model may use: mathematics on arrays that networks are made of, calls, and
 * reading of variables. None branches or loops, reads or writes a file, a socket, a table or a
 * queue, runs code of another language, prints, draws random numbers, or changes a variable.
 */
final class AllowedOperations {
  private static final Set<String> NAMES =
      words(
          // Structure
          "Const Identity IdentityN NoOp Placeholder PlaceholderWithDefault StopGradient Snapshot",
          "PreventGradient EnsureShape PartitionedCall StatefulPartitionedCall ReadVariableOp",
          // Convolutions, pooling, normalisation, activation
          "Conv2D DepthwiseConv2dNative Conv3D Conv2DBackpropInput Dilation2D BiasAdd BiasAddV1",
          "FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3 LRN AvgPool AvgPool3D MaxPool",
          "MaxPoolV2 MaxPool3D Relu Relu6 LeakyRelu Elu Selu Softplus Softsign Softmax LogSoftmax",
          "Sigmoid Tanh Pad PadV2 MirrorPad SpaceToDepth DepthToSpace SpaceToBatchND",
          "BatchToSpaceND SpaceToBatch BatchToSpace",
          // Arithmetic
          "Add AddV2 AddN Sub Mul MulNoNan Div RealDiv DivNoNan FloorDiv FloorMod Mod Neg Abs Sign",
          "Square SquaredDifference Sqrt Rsqrt Reciprocal Inv Pow Exp Expm1 Log Log1p Erf Erfc",
          "Floor Ceil Round Rint Maximum Minimum ClipByValue Cumsum Sin Cos Atan Xdivy Xlogy",
          "L2Loss MatMul BatchMatMul BatchMatMulV2 BatchMatMulV3 Einsum",
          // Reduction
          "Mean Sum Prod Max Min All Any ArgMax ArgMin LogicalAnd LogicalOr LogicalNot TopKV2",
          // Comparison and choice
          "Equal NotEqual Less LessEqual Greater GreaterEqual Select SelectV2 Where IsFinite IsNan",
          "IsInf",
          // Shape
          "Reshape Squeeze ExpandDims Transpose Shape ShapeN Size Rank StridedSlice Slice Split",
          "SplitV Concat ConcatV2 Pack Unpack Tile Gather GatherV2 GatherNd Range LinSpace Fill",
          "ZerosLike OnesLike OneHot BroadcastTo BroadcastArgs Reverse ReverseV2 InvertPermutation",
          "Cast Bitcast MatrixDiag MatrixDiagPart MatrixBandPart",
          // Resizing of images
          "ResizeBilinear ResizeNearestNeighbor ResizeBicubic ResizeArea CropAndResize",
          "ScaleAndTranslate AdjustContrastv2",
          // Fake quantisation, as in networks trained for it
          "FakeQuantWithMinMaxArgs FakeQuantWithMinMaxVars FakeQuantWithMinMaxVarsPerChannel");

  /** What may stand beside the vectors of a model that gives names of classes, too. */
  private static final Set<String> NAMING =
      words(
          "LookupTableFind LookupTableFindV2 AsString StringJoin StringLower StringUpper"
              + " StringStrip StaticRegexReplace");

  /** What a network needs none of, and what makes its time and memory unknown before it runs. */
  private static final Set<String> CONTROL_FLOW =
      words(
          "If StatelessIf Case StatelessCase While StatelessWhile For Switch RefSwitch _SwitchN",
          "Merge RefMerge Enter RefEnter Exit RefExit NextIteration RefNextIteration LoopCond");

  private static final Logger LOG = LoggerFactory.getLogger(AllowedOperations.class);

  private final Set<String> others;

  private AllowedOperations(Set<String> others) {
    this.others = others;
  }

  /** Those that every model may use, and others that somebody has allowed for this one. */
  static AllowedOperations with(ModelOptions options) {
    return new AllowedOperations(options.allowedOperations());
  }

  /** The same, and what gives names of classes; nothing of that is run. */
  AllowedOperations withNaming() {
    Set<String> more = new HashSet<>(others);
    more.addAll(NAMING);
    return new AllowedOperations(more);
  }

  private static Set<String> words(String... lines) {
    return Arrays.stream(lines)
        .flatMap(line -> Arrays.stream(line.split(" ")))
        .collect(Collectors.toUnmodifiableSet());
  }

  boolean contains(String operation) {
    return NAMES.contains(operation) || others.contains(operation);
  }

  /**
   * @throws ModelException naming the operation if it is not allowed
   */
  void require(String model, String operation) {
    if (NAMES.contains(operation)) {
      return;
    }
    if (!others.contains(operation) && CONTROL_FLOW.contains(operation)) {
      throw ModelException.of(
          model,
          "it uses the operation "
              + operation
              + ", a branch or loop, which is not allowed unless it is asked for (--allow-operations "
              + operation
              + "): it may never end");
    }
    if (!others.contains(operation)) {
      throw ModelException.of(
          model,
          "it uses the operation "
              + operation
              + ", which is not allowed; allowed is only mathematics on arrays");
    }
    LOG.warn("model {} uses the operation {}, which was allowed for it", model, operation);
  }
}
