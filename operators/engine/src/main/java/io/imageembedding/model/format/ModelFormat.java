// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.format;

import io.imageembedding.annotation.Internal;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelOptions;
import io.imageembedding.model.optimize.OpenedModel;
import java.nio.file.Path;
import java.util.List;
import java.util.ServiceLoader;
import java.util.ServiceLoader.Provider;

/**
 * A form in which models are kept in files of this machine, named in {@code META-INF/services} of
 * the artifact that has it. Nothing else has to know of it; texts are made of what it says of
 * itself or held to it.
 */
@Internal
public interface ModelFormat {

  /** What it is, in words that stand in {@code ModelSource.FORMS}, too. */
  String words();

  /**
   * Whether that is what is at the path, by names of files alone.
   *
   * @throws ModelException if a directory cannot be read
   */
  boolean isAt(Path path);

  /**
   * Reads and checks the model, without running any of it.
   *
   * @param name for people; null: by the path
   * @throws ModelException if it is damaged or refused
   */
  OpenedModel open(String name, Path path, ModelOptions options);

  /** The forms on the class path, in the order in which they are tried. */
  static List<ModelFormat> all() {
    // Not the thread's class loader: on a cluster they are in the job's jar, as this is.
    return ServiceLoader.load(ModelFormat.class, ModelFormat.class.getClassLoader()).stream()
        .map(Provider::get)
        .toList();
  }

  /** A name, or that of the file. */
  static String nameOr(String name, Path file) {
    return name != null ? name : String.valueOf(file.getFileName());
  }
}
