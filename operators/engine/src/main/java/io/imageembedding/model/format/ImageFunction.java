// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.format;

import java.util.List;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.TensorProto;

/**
 * The concrete function that turns images into vectors.
 *
 * @param name in the function library
 * @param inputSize width and height of the images
 * @param arguments tensors before the captures, in order; null for the images
 * @param captures ids of the objects that the function uses
 * @param outputIndex which of its outputs are the vectors
 * @param inputType of the images
 * @param outputType of the vectors
 */
record ImageFunction(
    String name,
    int inputSize,
    List<TensorProto> arguments,
    List<Integer> captures,
    int outputIndex,
    DataType inputType,
    DataType outputType) {}
