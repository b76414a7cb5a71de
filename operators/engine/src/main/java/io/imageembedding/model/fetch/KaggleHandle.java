// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.fetch;

import java.net.URI;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A version of a model on Kaggle, as its library kagglehub names it: {@code
 * OWNER/MODEL/FRAMEWORK/VARIATION/VERSION}, by itself or behind {@code
 * https://www.kaggle.com/models/}.
 */
record KaggleHandle(
    String owner, String model, String framework, String variation, String version) {
  private static final String PART = "[A-Za-z0-9][\\w.-]*";
  private static final Pattern FORM =
      Pattern.compile(
          "(?:https://(?:www\\.)?kaggle\\.com/models/)?(?<owner>"
              + PART
              + ")/(?<model>"
              + PART
              + ")/(?<framework>(?i)tensorFlow[12]|keras|tfLite|tfJs|jax|flax|pyTorch|onnx|other)/(?<variation>"
              + PART
              + ")/(?<version>\\d{1,9})/?");

  /** The handle that the text is, if it is one. */
  static Optional<KaggleHandle> of(String text) {
    Matcher parts = FORM.matcher(text);
    return parts.matches()
        ? Optional.of(
            new KaggleHandle(
                parts.group("owner"),
                parts.group("model"),
                parts.group("framework"),
                parts.group("variation"),
                parts.group("version")))
        : Optional.empty();
  }

  /** Where its archive is. */
  URI archive() {
    return URI.create("https://www.kaggle.com/api/v1/models/" + this + "/download");
  }

  @Override
  public String toString() {
    return String.join("/", owner, model, framework, variation, version);
  }
}
