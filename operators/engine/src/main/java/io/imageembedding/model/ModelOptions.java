// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model;

import io.imageembedding.annotation.Internal;
import io.imageembedding.annotation.PublicEvolving;
import io.imageembedding.image.InputRange;
import java.io.Serializable;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What to take of a model where there is a choice; null means that the only fitting one is taken.
 *
 * <pre>{@code
 * ModelOptions.builder().signature("serving_default").labels(Labels.read(file)).build()
 * }</pre>
 *
 * @param signature name of a signature of a SavedModel
 * @param input name of the input tensor or of the signature's input
 * @param output name of the output tensor, or of the signature's output
 * @param inputSize width and height of the images in pixels, for a model that does not say it
 * @param modelOutput whether features come out or a classifier's scores; null: what the model gives
 *     by itself, features of a checkpoint
 * @param labels names of a classifier's classes in their order; null where there are none
 * @param sha256 digest that the model must have, 64 lower-case hex digits; null for any
 * @param allowedOperations operations that the model may use beside those that every model may
 * @param precision arithmetic that it runs in
 * @param inputRange numbers that it takes for colours
 */
@PublicEvolving
public record ModelOptions(
    @Nullable String signature,
    @Nullable String input,
    @Nullable String output,
    @Nullable Integer inputSize,
    @Nullable ModelOutput modelOutput,
    @Nullable List<String> labels,
    @Nullable String sha256,
    Set<String> allowedOperations,
    Precision precision,
    InputRange inputRange)
    implements Serializable {

  /** No choice. */
  public static final ModelOptions NONE = builder().build();

  private static final long serialVersionUID = 1L;

  public ModelOptions {
    labels = labels == null ? null : List.copyOf(labels);
    sha256 = sha256 == null ? null : sha256.toLowerCase(Locale.ROOT);
    allowedOperations = Set.copyOf(allowedOperations);
  }

  @Internal
  public ModelOptions in(Precision other) {
    return new ModelOptions(
        signature,
        input,
        output,
        inputSize,
        modelOutput,
        labels,
        sha256,
        allowedOperations,
        other,
        inputRange);
  }

  /** The same for a model of any digest. */
  @Internal
  public ModelOptions unpinned() {
    return new ModelOptions(
        signature,
        input,
        output,
        inputSize,
        modelOutput,
        labels,
        null,
        allowedOperations,
        precision,
        inputRange);
  }

  /** Options with no choice made yet. */
  public static Builder builder() {
    return new Builder();
  }

  /** Makes the choices one by one; see {@link ModelOptions}. */
  public static final class Builder {
    private @Nullable String signature;
    private @Nullable String input;
    private @Nullable String output;
    private @Nullable Integer inputSize;
    private @Nullable ModelOutput modelOutput;
    private @Nullable List<String> labels;
    private @Nullable String sha256;
    private Set<String> allowedOperations = Set.of();
    private Precision precision = Precision.FP32;
    private InputRange inputRange = InputRange.UNIT;

    private Builder() {}

    public Builder signature(@Nullable String name) {
      signature = name;
      return this;
    }

    public Builder input(@Nullable String name) {
      input = name;
      return this;
    }

    public Builder output(@Nullable String name) {
      output = name;
      return this;
    }

    public Builder inputSize(@Nullable Integer pixels) {
      inputSize = pixels;
      return this;
    }

    public Builder modelOutput(@Nullable ModelOutput wanted) {
      modelOutput = wanted;
      return this;
    }

    public Builder labels(@Nullable List<String> names) {
      labels = names;
      return this;
    }

    public Builder sha256(@Nullable String digest) {
      sha256 = digest;
      return this;
    }

    public Builder allowedOperations(Set<String> names) {
      allowedOperations = names;
      return this;
    }

    public Builder precision(Precision wanted) {
      precision = wanted;
      return this;
    }

    public Builder inputRange(InputRange range) {
      inputRange = range;
      return this;
    }

    public ModelOptions build() {
      return new ModelOptions(
          signature,
          input,
          output,
          inputSize,
          modelOutput,
          labels,
          sha256,
          allowedOperations,
          precision,
          inputRange);
    }
  }
}
