// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.figures;

import java.util.Locale;
import org.apache.flink.annotation.Internal;

/** Where the time of an image goes. */
@Internal
public enum Stage {
  /** Waiting until its batch is closed. */
  QUEUE(Count.QUEUE_MICROS),
  /** From an encoded image to its place in the input tensor. */
  DECODE(Count.DECODE_MICROS),
  /** Its part of the runs of the model. */
  INFER(Count.INFER_MICROS),
  /** Making its answer. */
  ENCODE(Count.ENCODE_MICROS),
  /** Its part of the writes to the vector store. */
  STORE(Count.STORE_MICROS);

  private final Count micros;

  Stage(Count micros) {
    this.micros = micros;
  }

  Count micros() {
    return micros;
  }

  /** As it is printed. */
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }
}
