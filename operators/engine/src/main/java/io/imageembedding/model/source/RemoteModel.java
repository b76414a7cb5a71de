// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.source;

import io.imageembedding.model.ModelOptions;
import io.imageembedding.model.fetch.CachedModel;
import io.imageembedding.model.fetch.ModelFetcher;
import io.imageembedding.model.optimize.OpenedModel;
import java.util.Optional;

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
    return local(ModelFetcher.cached(text, options.sha256()), options);
  }

  private LocalModel local(CachedModel cached, ModelOptions choices) {
    return new LocalModel(cached.path().toString(), name(), cached.sha256(), choices);
  }

  /**
   * Where the model is here already, perhaps because Python has fetched it, its content decides
   * whether it is the pinned one, before anything is fetched.
   */
  @Override
  public OpenedModel open() {
    String pin = options.sha256();
    if (pin != null) {
      Optional<CachedModel> here = ModelFetcher.unproven(text, pin);
      if (here.isPresent()) {
        OpenedModel opened = local(here.get(), options.unpinned()).open();
        if (pin.equals(opened.sha256())) {
          return opened;
        }
      }
    }
    return NamedModel.super.open();
  }

  @Override
  public OpenedModel read() {
    return fetched().read();
  }

  /** The last part of the text that is a name, without what says that it is an archive. */
  private String name() {
    String plain = text.replaceFirst("[?#].*$", "").replaceFirst("/+$", "");
    if (plain.matches("(?i)(https?://.*|[^:]*)/[^/]+/\\d+")) {
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
