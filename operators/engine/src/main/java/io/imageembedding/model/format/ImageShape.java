// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.format;

import io.imageembedding.model.ModelOptions;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.TensorShapeProto;
import org.tensorflow.proto.TensorShapeProto.Dim;

/** What shapes of tensors say of the images and vectors in them. */
final class ImageShape {
  private static final int MAX_SIZE = 4096;

  private ImageShape() {}

  /**
   * Width and height, if it is the shape of square RGB images, as many as one likes; where the
   * shape leaves them open, what the options say.
   */
  static OptionalInt size(TensorShapeProto shape, ModelOptions options) {
    if (shape.getUnknownRank() && options.inputSize() != null) {
      return OptionalInt.of(options.inputSize());
    }
    if (shape.getUnknownRank() || shape.getDimCount() != 4 || !isOneOf(shape.getDim(3), 3)) {
      return OptionalInt.empty();
    }
    Dim height = shape.getDim(1);
    Dim width = shape.getDim(2);
    if (height.getSize() == -1 && width.getSize() == -1 && options.inputSize() != null) {
      return OptionalInt.of(options.inputSize());
    }
    boolean fits =
        height.getSize() == width.getSize() && height.getSize() > 0 && height.getSize() <= MAX_SIZE;
    return fits ? OptionalInt.of((int) height.getSize()) : OptionalInt.empty();
  }

  private static boolean isOneOf(Dim dimension, long size) {
    return dimension.getSize() == -1 || dimension.getSize() == size;
  }

  /** Whether it can be one vector for each image. */
  static boolean isVectors(TensorShapeProto shape) {
    if (shape.getUnknownRank() || shape.getDimCount() == 2) {
      return true;
    }
    return shape.getDimCount() == 4
        && shape.getDim(1).getSize() == 1
        && shape.getDim(2).getSize() == 1;
  }

  /** Type and shape, such as {@code float32[any,224,224,3]}. */
  static String text(DataType type, TensorShapeProto shape) {
    String name = type.name().replaceFirst("^DT_", "").toLowerCase(Locale.ROOT);
    return (name.equals("float") ? "float32" : name) + text(shape);
  }

  static String text(TensorShapeProto shape) {
    return shape.getUnknownRank()
        ? " of any shape"
        : shape.getDimList().stream()
            .map(dimension -> dimension.getSize() < 0 ? "any" : "" + dimension.getSize())
            .collect(Collectors.joining(",", "[", "]"));
  }
}
