// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model;

import io.imageembedding.annotation.Internal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What a model was found in.
 *
 * @param name of the model, for people
 * @param form such as {@code SavedModel of TensorFlow 2}
 * @param folder that may hold labels and golden vectors beside the model; null if there is none
 * @param signatures each with what it takes and gives
 * @param functions concrete functions of {@code __call__}, each with what it takes and gives
 * @param takes choices that its form has a use for
 */
@Internal
public record ModelOrigin(
    String name,
    String form,
    Path folder,
    List<String> signatures,
    List<String> functions,
    Set<Choice> takes) {

  private static final String LABELS = "labels.txt";

  /** The file of labels that lies with the model, one a line; null if there is none. */
  public Path labels() {
    if (folder == null) {
      return null;
    }
    return Stream.of(folder.resolve("assets").resolve(LABELS), folder.resolve(LABELS))
        .filter(Files::isRegularFile)
        .findFirst()
        .orElse(null);
  }

  /** Of a model that is a network and nothing else. */
  public static ModelOrigin plain(String name, String form, Path folder, Choice... takes) {
    return new ModelOrigin(name, form, folder, List.of(), List.of(), Set.of(takes));
  }
}
