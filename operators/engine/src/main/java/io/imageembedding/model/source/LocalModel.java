// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.source;

import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelOptions;
import io.imageembedding.model.fetch.ModelFetcher;
import io.imageembedding.model.format.ModelFormat;
import io.imageembedding.model.format.SavedModelDirectory;
import io.imageembedding.model.optimize.OpenedModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A model in files of this machine, in whichever {@link ModelFormat form}.
 *
 * @param path absolute
 * @param name for people; null: by the path
 * @param archive SHA-256 of what the files were fetched or unpacked from; null: of nothing else
 */
record LocalModel(String path, String name, String archive, ModelOptions options)
    implements NamedModel {
  private static final long serialVersionUID = 1L;
  private static final Map<String, String> UNREADABLE =
      Map.of(
          ".keras", "a Keras archive; write it by model.export(DIR) and name DIR",
          ".h5",
              "weights of Keras in HDF5; load them into their model, write it by model.export(DIR) and name DIR",
          ".hdf5",
              "weights of Keras in HDF5; load them into their model, write it by model.export(DIR) and name DIR",
          ".tflite", "a TensorFlow Lite model; name the SavedModel that it was converted from",
          ".onnx", "an ONNX model; name the SavedModel that it was converted from");

  @Override
  public NamedModel with(ModelOptions other) {
    return new LocalModel(path, name, archive, other);
  }

  @Override
  public String cameAs() {
    return archive == null ? ModelFetcher.digest(path) : archive;
  }

  @Override
  public OpenedModel read() {
    Path file = Path.of(path);
    List<ModelFormat> forms = ModelFormat.all();
    for (ModelFormat form : forms) {
      if (form.isAt(file)) {
        return form.open(name, file, options);
      }
    }
    throw ModelException.of(path, whyNone(file, forms));
  }

  private String whyNone(Path file, List<ModelFormat> forms) {
    if (Files.isDirectory(file)) {
      return "no " + SavedModelDirectory.FILE + " in it, and no checkpoint";
    }
    if (!Files.isRegularFile(file)) {
      return "there is no such file or directory";
    }
    return UNREADABLE.entrySet().stream()
        .filter(kind -> path.endsWith(kind.getKey()))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElseGet(
            () ->
                "a file of no known kind; needed: "
                    + forms.stream().map(ModelFormat::words).collect(Collectors.joining(", ")));
  }

  @Override
  public String toString() {
    return path;
  }
}
