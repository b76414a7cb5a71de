// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.source;

import io.imageembedding.image.InputRange;
import io.imageembedding.model.Choice;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelOptions;
import io.imageembedding.model.ModelOrigin;
import io.imageembedding.model.ModelOutput;
import io.imageembedding.model.optimize.OpenedModel;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Holds an opened model to what was asked for: a choice that it had no use for is refused, whatever
 * kind of model it is, and so is another SHA-256 than the one that it must have.
 */
final class Choices {

  private Choices() {}

  private static Map<Choice, String> made(ModelOptions options) {
    Map<Choice, String> made = new TreeMap<>();
    made.put(Choice.SIGNATURE, options.signature());
    made.put(Choice.INPUT_NAME, options.input());
    made.put(Choice.OUTPUT_NAME, options.output());
    made.put(
        Choice.INPUT_RANGE,
        options.inputRange().equals(InputRange.UNIT) ? null : options.inputRange().text());
    made.values().removeIf(value -> value == null);
    return made;
  }

  /**
   * @param whole SHA-256 of the model's content, whatever is taken of it
   * @param door where the model was opened
   * @throws ModelException if a choice was not used, or the SHA-256 is another
   */
  static void require(ModelOptions options, OpenedModel model, String whole, NamedModel door) {
    ModelOrigin origin = model.origin();
    Set<Choice> taken = origin.takes();
    made(options)
        .forEach(
            (choice, value) -> {
              if (!taken.contains(choice)) {
                throw ModelException.of(
                    origin.name(),
                    choice.option() + " " + value + " is of no use for it (" + origin.form() + ")");
              }
            });
    requireSize(options, model);
    requireDigest(options.sha256(), model, whole, door);
  }

  private static void requireSize(ModelOptions options, OpenedModel model) {
    Integer wanted = options.inputSize();
    int size = model.inputSize();
    if (wanted != null && wanted != size) {
      throw new ModelException(
          String.format(
              Locale.ROOT,
              "model %s takes images of %d x %d, not of %d x %d",
              model.origin().name(),
              size,
              size,
              wanted,
              wanted));
    }
    if (options.modelOutput() == ModelOutput.LOGITS
        && model.outputKind().equals(OpenedModel.FEATURES)) {
      throw new ModelException(
          "model "
              + model.origin().name()
              + " gives features; it has no classifier to give logits");
    }
  }

  /** The pin may be of the content, of what is taken of it, or of what the model came as. */
  private static void requireDigest(String pin, OpenedModel model, String whole, NamedModel door) {
    if (pin == null || pin.equals(model.sha256()) || pin.equals(whole)) {
      return;
    }
    String came = door.cameAs();
    if (!pin.equals(came)) {
      throw ModelException.of(
          model.origin().name(),
          "its SHA-256 is "
              + (came == null ? "" : came + ", that of its content ")
              + model.sha256()
              + "; needed: "
              + pin);
    }
  }
}
