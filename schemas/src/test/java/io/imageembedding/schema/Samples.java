// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** One record of each kind with every field set. */
final class Samples {
  private static final Source SOURCE =
      new Source("images", 3, 1_234_567_890_123L, Instant.ofEpochMilli(1_700_000_000_123L));

  private Samples() {}

  static ImageRecord image() {
    return new ImageRecord(
        "a/photo.jpg",
        buffer("not really a JPEG"),
        "s3://bucket/photo.jpg",
        Instant.ofEpochMilli(1_600_000_000_000L),
        Map.of("camera", "häfen"));
  }

  static EmbeddingFields embedding() {
    return embedding(
        List.of(new ClassScore("tabby", 0.75f), new ClassScore("Schäferhund", 0.125f)));
  }

  static EmbeddingFields embedding(List<ClassScore> scores) {
    return new EmbeddingFields(
        "a/photo.jpg",
        new float[] {0f, 1.5f, -3.25e-7f, Float.MAX_VALUE},
        new Model("mobilenet", "ab".repeat(32), "fp32", "way"),
        "cd".repeat(32),
        new Image("jpeg", 640, 427),
        SOURCE,
        Instant.ofEpochMilli(1_600_000_000_000L),
        new TreeMap<>(Map.of("camera", "häfen", "place", "")),
        scores);
  }

  static DeadLetter deadLetter() {
    return deadLetter(Stage.image, Code.DECODER_BUSY);
  }

  static DeadLetter deadLetter(Stage stage, Code code) {
    return new DeadLetter(
        "a/photo.jpg",
        stage,
        code,
        "the jpeg ends before its image does",
        SOURCE,
        buffer("key"),
        buffer("value"),
        List.of(new Header("trace", buffer("1")), new Header("empty", null)),
        Instant.ofEpochMilli(1_700_000_000_456L));
  }

  /** The same as Avro's own classes hold it. */
  static EmbeddingRecord generated(EmbeddingFields fields) {
    List<Float> features = new ArrayList<>();
    for (float feature : fields.embedding()) {
      features.add(feature);
    }
    return new EmbeddingRecord(
        fields.id(),
        features,
        fields.model(),
        fields.vectorSpace(),
        fields.image(),
        fields.source(),
        fields.capturedAt(),
        fields.attributes(),
        fields.scores());
  }

  static ByteBuffer buffer(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }

  static byte[] array(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }
}
