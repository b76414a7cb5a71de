// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.table;

import io.imageembedding.embedding.ImageInfo;
import io.imageembedding.image.DecodeLimits;
import io.imageembedding.image.ImageInspector;
import io.imageembedding.image.UndecodableImageException;
import io.imageembedding.safety.Printable;
import org.apache.flink.annotation.Internal;
import org.apache.flink.table.annotation.DataTypeHint;
import org.apache.flink.table.functions.ScalarFunction;
import org.apache.flink.types.Row;
import org.jspecify.annotations.Nullable;

/**
 * {@code IMAGE_INFO(image)}: what an encoded image is by its header, or what is wrong with that; no
 * pixel is decoded, and no model is needed.
 */
@Internal
public final class ImageInfoFunction extends ScalarFunction {
  private static final long serialVersionUID = 1L;

  private final DecodeLimits limits;

  ImageInfoFunction(DecodeLimits limits) {
    this.limits = limits;
  }

  public @DataTypeHint("ROW<format STRING, width INT, height INT, error STRING>") @Nullable Row
      eval(@DataTypeHint("BYTES") byte @Nullable [] image) {
    if (image == null) {
      return null;
    }
    try {
      ImageInfo info = ImageInspector.inspect(image, limits);
      return Row.of(info.format(), info.width(), info.height(), null);
    } catch (UndecodableImageException e) {
      return Row.of(null, null, null, e.fault() + ": " + Printable.line(e.getMessage()));
    }
  }
}
