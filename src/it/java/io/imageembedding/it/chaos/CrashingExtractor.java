// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it.chaos;

import com.sun.jna.Function;
import io.imageembedding.embed.ElementRefusedException;
import io.imageembedding.flink.ImageExtractor;
import io.imageembedding.kafka.KafkaMessage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** Ends its process by the C library's abort when it is at one of the images. */
final class CrashingExtractor implements ImageExtractor<KafkaMessage> {
  private static final long serialVersionUID = 1L;

  private final ImageExtractor<KafkaMessage> real;
  private final String killer;

  CrashingExtractor(ImageExtractor<KafkaMessage> real, String killer) {
    this.real = real;
    this.killer = killer;
  }

  @Override
  public void open() throws IOException {
    real.open();
  }

  @Override
  public byte[] image(KafkaMessage message) throws ElementRefusedException, IOException {
    if (new String(message.key(), StandardCharsets.UTF_8).equals(killer)) {
      Function.getFunction("c", "abort").invokeVoid(new Object[0]);
    }
    return real.image(message);
  }

  @Override
  public long size(KafkaMessage message) {
    return real.size(message);
  }

  @Override
  public String place(KafkaMessage message) {
    return real.place(message);
  }
}
