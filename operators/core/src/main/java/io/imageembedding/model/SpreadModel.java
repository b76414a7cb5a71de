// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model;

import static org.apache.flink.util.Preconditions.checkArgument;

import io.imageembedding.tensorflow.TensorFlowRuntime;

/** A model whose operations are spread over several threads. */
record SpreadModel(ModelSource model, int threads) implements ModelSource {
  private static final long serialVersionUID = 1L;

  SpreadModel {
    checkArgument(threads >= 1, "threads is %s; needed: at least 1", threads);
  }

  @Override
  public FeatureVectorModel load() {
    TensorFlowRuntime.useIntraOpThreads(threads);
    return model.load();
  }

  @Override
  public Precision precision() {
    return model.precision();
  }

  @Override
  public ModelSource in(Precision precision) {
    return new SpreadModel(model.in(precision), threads);
  }

  @Override
  public String toString() {
    return model.toString();
  }
}
