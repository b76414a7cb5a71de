// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.tensorflow;

import io.imageembedding.annotation.Internal;

/**
 * TensorFlow refused a graph or failed to run one. The message is TensorFlow's own, in one line and
 * without the names of nodes.
 */
@Internal
public final class TensorFlowFailure extends Exception {
  private static final long serialVersionUID = 1L;
  private static final int MAX_LENGTH = 300;

  TensorFlowFailure(RuntimeException cause) {
    super(shortened(String.valueOf(cause.getMessage())), cause);
  }

  private static String shortened(String message) {
    String line = message.lines().findFirst().orElse("").strip();
    String plain = line.replaceAll("\\{\\{node [^}]*}}\\s*|\\[\\[[^]]*]]", "").strip();
    return plain.length() <= MAX_LENGTH ? plain : plain.substring(0, MAX_LENGTH) + "…";
  }
}
