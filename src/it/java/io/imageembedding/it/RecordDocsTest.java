// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.embedding.Refusal;
import io.imageembedding.image.UndecodableImageException.Fault;
import io.imageembedding.kafka.KafkaOptions;
import io.imageembedding.kafka.KafkaTopics;
import io.imageembedding.model.Precision;
import io.imageembedding.schema.Code;
import io.imageembedding.schema.EmbeddingRecord;
import io.imageembedding.schema.Model;
import io.imageembedding.schema.Stage;
import io.imageembedding.vectorstore.RefusedChange.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the schemas tell of codes and precisions is what there is in the code. */
class RecordDocsTest {

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"fetch", "other"})
  void theCodesOfAStageAreThoseThatItRefusesBy(Stage stage) {
    Matcher section =
        Pattern.compile("\\b" + stage + ": (.*?)\\.(?: [a-z]+: | OTHER: )")
            .matcher(Code.SCHEMA$.getDoc());
    assertThat(section.find()).isTrue();
    Set<String> told = new TreeSet<>();
    Matcher code = Pattern.compile("\\b[A-Z][A-Z_]+\\b").matcher(section.group(1));
    while (code.find()) {
      told.add(code.group());
    }

    assertThat(told).containsExactlyInAnyOrderElementsOf(codes(stage));
  }

  private static List<String> codes(Stage stage) {
    return switch (stage) {
      case wire -> List.copyOf(topics().extractor().refusalCodes());
      case image -> Stream.concat(names(Fault.values()), Stream.of(Refusal.CRASHED)).toList();
      case model -> List.of(Refusal.MODEL_FAILED);
      case vector -> List.of(Refusal.WRONG_LENGTH, Refusal.NOT_FINITE);
      case store ->
          Stream.concat(names(Reason.values()), Stream.of(Code.RECORD_TOO_LARGE.name()))
              // Of jobs of one's own: what this one extracts cannot fail.
              .filter(code -> !code.equals(Reason.EXTRACTOR_FAILED.name()))
              .toList();
      case fetch, other -> List.of();
    };
  }

  private static Stream<String> names(Enum<?>[] values) {
    return Arrays.stream(values).map(Enum::name);
  }

  private static KafkaTopics topics() {
    Configuration config = new Configuration();
    config.set(KafkaOptions.BOOTSTRAP_SERVERS, "localhost:9092");
    config.set(KafkaOptions.INPUT_TOPIC, "images");
    config.set(KafkaOptions.OUTPUT_TOPIC, "embeddings");
    config.set(KafkaOptions.DEAD_LETTER_TOPIC, "dead-letters");
    return KafkaTopics.of(config);
  }

  @Test
  void everyPrecisionThatAModelRunsInIsToldOf() throws IOException {
    List<String> keys =
        Arrays.stream(Precision.values())
            .filter(precision -> precision != Precision.AUTO)
            .map(Precision::key)
            .toList();

    assertThat(Model.SCHEMA$.getField("precision").doc()).endsWith(String.join(" or ", keys) + ".");
    assertThat(examples("/properties/model/properties/precision")).isEqualTo(keys);
  }

  private static List<String> examples(String place) throws IOException {
    try (InputStream in =
        EmbeddingRecord.class.getResourceAsStream("EmbeddingRecord.schema.json")) {
      ObjectMapper json = new ObjectMapper();
      return List.of(json.convertValue(json.readTree(in).at(place + "/examples"), String[].class));
    }
  }
}
