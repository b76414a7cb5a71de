// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import io.imageembedding.annotation.Internal;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;

/** The order in which every store has its texts. */
@Internal
public final class TextOrder {

  /** By UTF-8 bytes, which is by code points. */
  public static final Comparator<String> BY_BYTES =
      (a, b) ->
          a.equals(b)
              ? 0
              : Arrays.compareUnsigned(
                  a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));

  private TextOrder() {}
}
