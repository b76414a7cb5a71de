// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import io.imageembedding.embedding.ClassScore;
import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.FetchedObject;
import io.imageembedding.embedding.ImageInfo;
import io.imageembedding.embedding.Provenance;
import io.imageembedding.embedding.SourcePosition;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** One record of each kind with every field set. */
final class Samples {
  private static final SourcePosition SOURCE =
      new SourcePosition("images", 3, 1_234_567_890_123L, 1_700_000_000_123L);

  /** Where a message came from that says it itself. */
  static final SourcePosition ANYWHERE = new SourcePosition("t", 0, 0, 0);

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
        new FetchedObject(
            "https://images.example.com/h%C3%A4fen.jpg",
            5_000_000_000L, "ef".repeat(32), "\"0123\"", Instant.ofEpochMilli(1_500_000_000_000L)));
  }

  static EmbeddingFields embedding(FetchedObject fetched) {
    EmbeddingFields inRecord =
        embedding(List.of(new ClassScore("tabby", 0.75f), new ClassScore("Schäferhund", 0.125f)));
    return new EmbeddingFields(
        inRecord.id(),
        inRecord.embedding(),
        inRecord.source(),
        inRecord.capturedAt(),
        inRecord.attributes(),
        fetched);
  }

  static EmbeddingFields embedding(List<ClassScore> scores) {
    return new EmbeddingFields(
        "a/photo.jpg",
        new Embedding(
            new float[] {0f, 1.5f, -3.25e-7f, Float.MAX_VALUE},
            new ImageInfo("jpeg", 640, 427),
            new Provenance("mobilenet", "ab".repeat(32), "fp32", "way", "cd".repeat(32)),
            scores),
        SOURCE,
        Instant.ofEpochMilli(1_600_000_000_000L),
        new TreeMap<>(Map.of("camera", "häfen", "place", "")));
  }

  static EmbeddingFields untimed() {
    EmbeddingFields timed = embedding();
    return new EmbeddingFields(
        timed.id(),
        timed.embedding(),
        new SourcePosition("images", 0, 0, SourcePosition.NO_TIMESTAMP),
        null,
        Map.of());
  }

  static DeadLetter deadLetter() {
    return deadLetter(Stage.fetch, Code.CHANGED);
  }

  static DeadLetter deadLetter(Stage stage, Code code) {
    return new DeadLetter(
        "a/photo.jpg",
        stage,
        code,
        "the jpeg ends before its image does",
        EmbeddingFields.source(SOURCE),
        buffer("key"),
        buffer("value"),
        List.of(new Header("trace", buffer("1")), new Header("empty", null)),
        Instant.ofEpochMilli(1_700_000_000_456L));
  }

  /** The same as Avro's own classes hold it. */
  static EmbeddingRecord generated(EmbeddingFields fields) {
    List<Float> features = new ArrayList<>();
    Embedding embedding = fields.embedding();
    for (float feature : embedding.vector()) {
      features.add(feature);
    }
    Provenance made = embedding.provenance();
    ImageInfo image = embedding.image();
    return new EmbeddingRecord(
        fields.id(),
        features,
        new Model(made.model(), made.sha256(), made.precision(), made.preprocessing()),
        made.vectorSpace(),
        new Image(image.format(), image.width(), image.height()),
        EmbeddingFields.source(fields.source()),
        fields.capturedAt(),
        fields.attributes(),
        embedding.scores().isEmpty()
            ? null
            : embedding.scores().stream()
                .map(s -> new io.imageembedding.schema.ClassScore(s.label(), s.score()))
                .toList(),
        generated(fields.fetched()));
  }

  private static io.imageembedding.schema.FetchedObject generated(FetchedObject fetched) {
    return fetched == null
        ? null
        : new io.imageembedding.schema.FetchedObject(
            fetched.uri(), fetched.length(), fetched.sha256(), fetched.etag(), fetched.modified());
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
