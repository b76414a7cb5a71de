// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.output;

import com.fasterxml.jackson.core.JsonGenerator;
import io.imageembedding.embedding.ClassScore;
import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.Outcome;
import io.imageembedding.embedding.Refusal;
import io.imageembedding.embedding.SourcePosition;
import io.imageembedding.schema.EmbeddingFields;
import java.io.IOException;
import java.io.StringWriter;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.flink.annotation.Internal;

/**
 * What became of one image, as the command line prints it.
 *
 * @param id of the image; null where it could not be read
 * @param embedding null if it failed, or was deleted
 * @param failure null if it did not fail
 * @param origin null where it was not read from a topic
 */
@Internal
public record Result(String id, Embedding embedding, Failure failure, Origin origin) {
  /** Why there is no embedding, in the words of a dead letter. */
  public record Failure(String stage, String code, String message) {}

  /**
   * What a topic says of a result beside itself.
   *
   * @param source message that the image came in
   * @param timestamp of the message that has the result, in milliseconds since 1970-01-01 UTC;
   *     {@link SourcePosition#NO_TIMESTAMP} where it has none
   * @param failedAt when it was refused; null if it was not
   * @param capturedAt when the image was taken; null where that is not known
   * @param attributes of the image
   */
  public record Origin(
      SourcePosition source,
      long timestamp,
      Instant failedAt,
      Instant capturedAt,
      Map<String, String> attributes) {}

  /** What was not read from a topic. */
  public Result(String id, Embedding embedding, Failure failure) {
    this(id, embedding, failure, null);
  }

  public static Result of(String id, Outcome outcome) {
    if (outcome instanceof Refusal refusal) {
      String stage = refusal.stage().name().toLowerCase(Locale.ROOT);
      return new Result(id, null, new Failure(stage, refusal.code(), refusal.message()));
    }
    return new Result(id, (Embedding) outcome, null);
  }

  /**
   * The embedding of a record.
   *
   * @param timestamp of its message
   */
  public static Result of(EmbeddingFields record, long timestamp) {
    return new Result(
        record.id(),
        record.embedding(),
        null,
        new Origin(record.source(), timestamp, null, record.capturedAt(), record.attributes()));
  }

  /**
   * The deletion of an image.
   *
   * @param source message that asked for it
   * @param timestamp of the message that says so
   */
  public static Result deleted(String id, SourcePosition source, long timestamp) {
    return new Result(id, null, null, new Origin(source, timestamp, null, null, Map.of()));
  }

  private boolean isDeleted() {
    return embedding == null && failure == null;
  }

  /** One JSON object without line breaks. */
  public String json() throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator out = PrintableJson.FACTORY.createGenerator(text)) {
      out.writeStartObject();
      out.writeStringField("id", id);
      if (failure != null) {
        out.writeObjectFieldStart("error");
        out.writeStringField("stage", failure.stage());
        out.writeStringField("code", failure.code());
        out.writeStringField("message", failure.message());
        out.writeEndObject();
      } else if (isDeleted()) {
        out.writeBooleanField("deleted", true);
      } else {
        writeEmbedding(out);
      }
      if (origin != null) {
        writeOrigin(out);
      }
      out.writeEndObject();
    }
    return text.toString();
  }

  private void writeEmbedding(JsonGenerator out) throws IOException {
    out.writeArrayFieldStart("vector");
    for (float feature : embedding.vector()) {
      out.writeNumber(feature);
    }
    out.writeEndArray();
    out.writeNumberField("dimension", embedding.vector().length);
    if (!embedding.scores().isEmpty()) {
      out.writeArrayFieldStart("scores");
      for (ClassScore score : embedding.scores()) {
        out.writeStartObject();
        out.writeStringField("label", score.label());
        out.writeNumberField("score", score.score());
        out.writeEndObject();
      }
      out.writeEndArray();
    }
    out.writeObjectFieldStart("model");
    out.writeStringField("name", embedding.provenance().model());
    out.writeStringField("sha256", embedding.provenance().sha256());
    out.writeStringField("precision", embedding.provenance().precision());
    out.writeStringField("preprocessing", embedding.provenance().preprocessing());
    out.writeEndObject();
    out.writeStringField("vectorSpace", embedding.provenance().vectorSpace());
    out.writeObjectFieldStart("image");
    out.writeStringField("format", embedding.image().format());
    out.writeNumberField("width", embedding.image().width());
    out.writeNumberField("height", embedding.image().height());
    out.writeEndObject();
  }

  private void writeOrigin(JsonGenerator out) throws IOException {
    SourcePosition source = origin.source();
    out.writeObjectFieldStart("source");
    out.writeStringField("topic", source.topic());
    out.writeNumberField("partition", source.partition());
    out.writeNumberField("offset", source.offset());
    writeTime("timestamp", source.timestamp(), out);
    out.writeEndObject();
    if (origin.capturedAt() != null) {
      out.writeNumberField("capturedAt", origin.capturedAt().toEpochMilli());
    }
    if (!origin.attributes().isEmpty()) {
      out.writeObjectFieldStart("attributes");
      for (Map.Entry<String, String> attribute : origin.attributes().entrySet()) {
        out.writeStringField(attribute.getKey(), attribute.getValue());
      }
      out.writeEndObject();
    }
    if (origin.failedAt() != null) {
      out.writeNumberField("failedAt", origin.failedAt().toEpochMilli());
    }
    writeTime("timestamp", origin.timestamp(), out);
  }

  private static void writeTime(String field, long millis, JsonGenerator out) throws IOException {
    if (millis != SourcePosition.NO_TIMESTAMP) {
      out.writeNumberField(field, millis);
    }
  }

  /** Id, summary, and where and when it came from, as far as that is known. */
  public String row() {
    StringBuilder row = new StringBuilder();
    row.append(id == null ? "(no id)" : id).append("  ").append(summary());
    if (origin != null) {
      row.append("  ").append(origin.source().message());
      long time = failure == null ? origin.timestamp() : origin.failedAt().toEpochMilli();
      if (time != SourcePosition.NO_TIMESTAMP) {
        row.append("  ").append(Instant.ofEpochMilli(time));
      }
    }
    return row.toString();
  }

  /**
   * {@link #summary()}, then the classes that a classifier found, best first, or the beginning of
   * the vector.
   */
  public String line() {
    if (embedding == null) {
      return summary();
    }
    if (!embedding.scores().isEmpty()) {
      return embedding.scores().stream()
          .map(Result::percent)
          .collect(Collectors.joining(", ", summary() + "  ", ""));
    }
    StringBuilder line = new StringBuilder(summary());
    float[] vector = embedding.vector();
    line.append("  ").append(vector.length).append(" features: ");
    for (int i = 0; i < Math.min(4, vector.length); i++) {
      line.append(String.format(Locale.ROOT, "%.4f ", vector[i]));
    }
    return line.append(vector.length > 4 ? "…" : "").toString();
  }

  /** A class with its score, as {@code tabby 61.2%}. */
  public static String percent(ClassScore score) {
    return String.format(Locale.ROOT, "%s %.1f%%", score.label(), score.score() * 100);
  }

  /** Format and size of the image, or the failure, or that it was deleted, in a few words. */
  public String summary() {
    if (isDeleted()) {
      return "deleted";
    }
    return failure != null
        ? failure.stage() + " " + failure.code() + ": " + failure.message()
        : embedding.image().format()
            + " "
            + embedding.image().width()
            + "x"
            + embedding.image().height();
  }
}
