// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.engine;

import io.imageembedding.bench.worker.Arguments;
import io.imageembedding.model.Precision;
import java.io.IOException;

/** Every kind of network that runs in Java, by name. */
public final class Engines {
  public static final String OURS = "ours";
  public static final String SAVED_MODEL = "savedmodel";
  public static final String ONNX_RUNTIME = "onnxruntime";
  public static final String DJL = "djl";
  public static final String PLAIN_BF16 = "plain-bf16";

  private Engines() {}

  /**
   * @param kind one of the names above; ours with its precision, such as {@code ours:fp32}
   */
  public static Engine.Factory open(String kind, Arguments arguments) throws Exception {
    if (kind.startsWith(OURS)) {
      return OurEngine.factory(Precision.of(kind.substring(OURS.length() + 1)));
    }
    return switch (kind) {
      case SAVED_MODEL -> SessionEngine.ofSavedModel(arguments.folder());
      case PLAIN_BF16 -> SessionEngine.ofPlainBf16();
      case ONNX_RUNTIME -> OnnxEngine.factory(arguments.folder(), arguments.integer("threads"));
      case DJL -> DjlEngine.factory();
      default -> throw new IOException("there is no engine " + kind);
    };
  }
}
