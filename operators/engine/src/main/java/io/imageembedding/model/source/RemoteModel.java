// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.source;

import io.imageembedding.model.ModelOptions;
import io.imageembedding.model.fetch.CachedModel;
import io.imageembedding.model.fetch.ModelFetcher;
import io.imageembedding.model.optimize.OpenedModel;

/**
 * A model that is fetched or unpacked into the cache of this machine first, where it is opened.
 *
 * @param text an archive, the URI of a Flink file system, an https: address or a handle
 */
record RemoteModel(String text, ModelOptions options) implements NamedModel {
  private static final long serialVersionUID = 1L;

  @Override
  public NamedModel with(ModelOptions other) {
    return new RemoteModel(text, other);
  }

  @Override
  public NamedModel fetched() {
    CachedModel cached = ModelFetcher.cached(text, options.sha256());
    return new LocalModel(cached.path().toString(), name(), cached.sha256(), options);
  }

  @Override
  public OpenedModel read() {
    return fetched().read();
  }

  /** The last part of the text that is a name, without what says that it is an archive. */
  private String name() {
    String plain = text.replaceFirst("[?#].*$", "").replaceFirst("/+$", "");
    if (plain.matches("(?i)https?://.*/[^/]+/\\d+")) {
      // A handle: publisher, names and version.
      return plain.replaceFirst("(?i)^https?://[^/]+/", "");
    }
    return plain
        .substring(plain.lastIndexOf('/') + 1)
        .replaceFirst("(?i)\\.(tar\\.gz|tgz|tar|zip)$", "");
  }

  @Override
  public String toString() {
    return text;
  }
}
