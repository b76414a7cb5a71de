// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.source;

import io.imageembedding.annotation.Internal;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelNames;
import io.imageembedding.model.ModelOptions;
import io.imageembedding.model.ModelSource;
import io.imageembedding.model.fetch.ModelFetcher;
import java.net.URI;
import java.nio.file.Path;

/** Every kind of text that names a model. */
@Internal
public final class KnownNames implements ModelNames {

  @Override
  public ModelSource parse(String text, ModelOptions options) {
    if (text.equals(BuiltinModel.NAME)) {
      return new BuiltinModel(options);
    }
    if (text.startsWith(UntrainedModel.PREFIX)) {
      return new UntrainedModel(text.substring(UntrainedModel.PREFIX.length()), options);
    }
    if (!text.isBlank() && ModelFetcher.isRemoteOrArchive(text)) {
      return new RemoteModel(text, options);
    }
    try {
      if (text.startsWith("file:")) {
        return new LocalModel(Path.of(URI.create(text)).toString(), null, null, options);
      }
      if (!text.isBlank() && !text.matches("[a-zA-Z][a-zA-Z0-9+.-]+:/.*")) {
        return new LocalModel(
            Path.of(text).toAbsolutePath().normalize().toString(), null, null, options);
      }
    } catch (IllegalArgumentException e) {
      throw new ModelException("'" + text + "' is no path: " + e.getMessage(), e);
    }
    throw new ModelException("'" + text + "' names no model; needed: " + ModelSource.FORMS);
  }
}
