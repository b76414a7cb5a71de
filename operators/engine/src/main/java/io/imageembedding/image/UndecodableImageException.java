// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import io.imageembedding.annotation.Internal;
import java.util.concurrent.TimeoutException;

/** Says why one encoded image does not become pixels. */
@Internal
public final class UndecodableImageException extends Exception {
  private static final long serialVersionUID = 1L;

  /** What is wrong with the image. */
  public enum Fault {
    /** No bytes at all. */
    EMPTY,
    /** The bytes begin like no image format. */
    NOT_AN_IMAGE,
    /** An image format, or a variant of one, that is not decoded here. */
    UNSUPPORTED_FORMAT,
    /** The file ends before its image does. */
    TRUNCATED,
    /** The file is complete but its content contradicts its format. */
    CORRUPT,
    /** Encoded or declared size, or the time that it takes, is over a limit. */
    TOO_LARGE,
    /**
     * Nothing is known to be wrong with it: images before it took too long, still hold threads and
     * memory, and no more is begun. It can be tried again.
     */
    DECODER_BUSY
  }

  private final Fault fault;

  public UndecodableImageException(Fault fault, String message) {
    this(fault, message, null);
  }

  public UndecodableImageException(Fault fault, String message, Throwable cause) {
    super(message, cause, false, false);
    this.fault = fault;
  }

  public Fault fault() {
    return fault;
  }

  /** Whether the image was given up, because it took longer than is allowed. */
  public boolean tookTooLong() {
    return getCause() instanceof TimeoutException;
  }
}
