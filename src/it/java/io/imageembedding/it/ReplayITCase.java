// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.cli.Embed;
import io.imageembedding.it.JavaProcess.Ended;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** From dead letters to embeddings, by the command line only, and by way of a schema registry. */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ReplayITCase {
  private static final int IMAGES = 60;
  private static final int BROKEN_EVERY = 10;

  @TempDir Path folder;

  private String registry;

  @Test
  void deadLettersThatAreReplayedAfterTheCauseIsMendedBecomeEmbeddingsOnce() throws Exception {
    try (BrokerProcess broker = BrokerProcess.start(folder.resolve("broker.log"));
        TestingRegistry schemas = TestingRegistry.start()) {
      registry = schemas.url();
      TestTopics topics = new TestTopics(broker.bootstrapServers(), 2);
      topics.publish(0, IMAGES, BROKEN_EVERY);

      job(topics, "-D", "image-embedding.image.max-pixels=16");
      assertThat(topics.committed(topics.embeddings())).isEmpty();
      assertThat(topics.committed(topics.deadLetters())).hasSize(IMAGES);

      List<String> whole =
          IntStream.range(0, IMAGES)
              .filter(i -> i % BROKEN_EVERY != 0)
              .mapToObj(TestTopics::id)
              .toList();
      // Two of the broken ones are cut off behind a header that is whole, and refused again.
      int replayed = whole.size() + 2;
      Ended replay = replay(broker, topics);
      assertThat(replay.exitCode()).as(replay.err()).isZero();
      assertThat(replay.lastLine())
          .startsWith("replayed " + replayed + " of " + IMAGES + " dead letters (TOO_LARGE: ");
      Ended again = replay(broker, topics);
      assertThat(again.lastLine()).startsWith("replayed 0 of 0 dead letters");

      job(topics);
      assertThat(topics.committed(topics.embeddings()))
          .extracting(record -> new String(record.key(), StandardCharsets.UTF_8))
          .containsExactlyInAnyOrderElementsOf(whole);
      assertThat(topics.committed(topics.embeddings()))
          .allMatch(ReplayITCase::saysThatItIsReplayed);
      assertThat(topics.committed(topics.deadLetters())).hasSize(IMAGES + 2);
    }
  }

  private static boolean saysThatItIsReplayed(ConsumerRecord<byte[], byte[]> record) {
    byte[] tries = record.headers().lastHeader("image-embedding-replays").value();
    return new String(tries, StandardCharsets.US_ASCII).equals("1");
  }

  private void job(TestTopics topics, String... more) throws Exception {
    List<String> arguments = new ArrayList<>(List.of("job"));
    topics.options().forEach((key, value) -> arguments.addAll(List.of("-D", key + "=" + value)));
    arguments.addAll(
        List.of(
            "-D",
            "image-embedding.kafka.input.bounded=true",
            "-D",
            "image-embedding.kafka.output.format=confluent-avro",
            "-D",
            "image-embedding.kafka.schema-registry.url=" + registry,
            "-D",
            "image-embedding.model=untrained:mobilenet_v2_0.35_96"));
    arguments.addAll(List.of(more));
    Ended job = embed(arguments);
    assertThat(job.exitCode()).as(job.err()).isZero();
  }

  private Ended replay(BrokerProcess broker, TestTopics topics) throws Exception {
    return embed(
        List.of(
            "replay",
            "--bootstrap-servers",
            broker.bootstrapServers(),
            "--from-topic",
            topics.deadLetters(),
            "--to-topic",
            topics.images(),
            "--format",
            "confluent-avro",
            "--schema-registry",
            registry,
            "--code",
            "TOO_LARGE"));
  }

  private Ended embed(List<String> arguments) throws Exception {
    return JavaProcess.run(
        folder, Map.of(), JavaProcess.command(Embed.class, arguments).toArray(String[]::new));
  }
}
