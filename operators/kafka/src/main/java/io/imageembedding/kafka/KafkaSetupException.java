// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import org.apache.flink.annotation.PublicEvolving;
import org.jspecify.annotations.Nullable;

/**
 * Brokers or topics are not as the job needs them; the message says in one line what was found and
 * what is needed.
 */
@PublicEvolving
public final class KafkaSetupException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public KafkaSetupException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  public KafkaSetupException(String message) {
    this(message, null);
  }
}
