// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.export;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.MessageLite;
import io.imageembedding.annotation.Internal;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.format.SavedModelDirectory;
import io.imageembedding.model.graph.CheckpointWriter;
import io.imageembedding.model.network.ClassifierHead;
import io.imageembedding.model.network.TrainableNetwork;
import io.imageembedding.tensorflow.TensorFlowFailure;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Writes a MobileNetV2 so that TensorFlow's Python loads, calls, trains and saves it again: a
 * Reusable SavedModel of TensorFlow 2, the form in which TensorFlow Hub publishes networks.
 *
 * <p>It has what the <a href="https://www.tensorflow.org/hub/reusable_saved_models">interface of
 * Reusable SavedModels</a> asks for:
 *
 * <ul>
 *   <li>{@code __call__(inputs, training=False)}: float32 {@code [n, size, size, 3]}, RGB in [0,1],
 *       to float32 {@code [n, features]}, or {@code [n, classes]} where there is a head. With
 *       {@code training=True} batches are normalised by their own statistics, and the moving
 *       averages are updated with the network's own decay, or TF-Slim's 0.997 where it has none;
 *   <li>{@code variables}, and {@code trainable_variables}, which are all but the moving averages,
 *       with TF-Slim's names and in TF-Slim's order, those of the head last;
 *   <li>{@code regularization_losses}, functions without arguments.
 * </ul>
 *
 * <p>Programs that know no objects (TensorFlow's C++ and Java, TensorFlow Serving, TensorFlow 1)
 * find signatures with the input {@code inputs}: {@code serving_default} gives what {@code
 * __call__} gives, as {@code feature_vector}, as {@code logits}, or, where the head ends in a
 * softmax, as {@code scores}; where there is a head, the signature {@code feature_vector} gives the
 * features.
 *
 * <p>The same network gives the same bytes.
 */
@Internal
public final class ReusableSavedModel {

  /** Where the names of the classes are in a model's directory: one in each line, UTF-8. */
  public static final String LABELS = "assets/labels.txt";

  private ReusableSavedModel() {}

  /**
   * Writes the model. It is written beside the directory and moved there when it is complete; where
   * that fails, nothing is left behind.
   *
   * @param directory where it shall be; must not exist, or be empty; its parent must exist
   * @param labels names of the head's classes in their order; null or empty where there are none
   * @throws ModelException if the directory is in use or cannot be written, if the network lacks a
   *     variable, or if there are not as many labels as classes
   */
  public static void write(Path directory, TrainableNetwork network, List<String> labels) {
    List<String> lines = labels == null ? List.of() : List.copyOf(labels);
    checkLabels(lines, network.weights().head());
    SavedNetwork saved = SavedNetwork.of(network);
    NewDirectory.write(
        directory,
        temporary -> {
          try {
            write(temporary, saved, lines);
          } catch (TensorFlowFailure e) {
            throw new ModelException(directory + " cannot be written: " + e.getMessage(), e);
          }
        });
  }

  private static void checkLabels(List<String> labels, ClassifierHead head) {
    int classes = head == null ? 0 : head.classes();
    if (!labels.isEmpty() && labels.size() != classes) {
      throw new ModelException(
          "there are " + labels.size() + " labels for " + classes + " classes; needed: one each");
    }
    for (String label : labels) {
      if (label.isBlank() || !label.equals(label.lines().findFirst().orElse(""))) {
        throw new ModelException(
            "the label '" + label.strip().replaceAll("\\R", " ") + "' is not one line of text");
      }
    }
  }

  private static void write(Path directory, SavedNetwork network, List<String> labels)
      throws IOException, TensorFlowFailure {
    Path variables = directory.resolve("variables");
    Files.createDirectory(variables);
    CheckpointWriter.write(variables.resolve("variables"), network.tensors());
    write(network.savedModel(), directory.resolve(SavedModelDirectory.FILE));
    if (!labels.isEmpty()) {
      Path file = directory.resolve(LABELS);
      Files.createDirectory(file.getParent());
      Files.writeString(file, String.join("\n", labels) + "\n");
    }
  }

  /** In the encoding with the entries of maps sorted. */
  private static void write(MessageLite message, Path file) throws IOException {
    try (OutputStream stream = Files.newOutputStream(file)) {
      CodedOutputStream out = CodedOutputStream.newInstance(stream);
      out.useDeterministicSerialization();
      message.writeTo(out);
      out.flush();
    }
  }
}
