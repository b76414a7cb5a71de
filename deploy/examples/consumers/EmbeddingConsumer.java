// SPDX-License-Identifier: Apache-2.0
import io.imageembedding.schema.*;
import java.io.IOException;
import java.time.Duration;
import java.util.*;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Prints the embeddings of a topic until Ctrl-C: HOST:PORT TOPIC FORMAT [REGISTRY]. */
class EmbeddingConsumer {
  public static void main(String[] args) {
    var reader = new EmbeddingReader(WireFormat.parse(args[2]), args.length > 3 ? new SchemaRegistry(args[3], null) : null);
    var bytes = new ByteArrayDeserializer();
    var consumer = new KafkaConsumer<>(Map.of("bootstrap.servers", args[0], "group.id", "java-example",
        "isolation.level", "read_committed", "enable.auto.commit", false, "auto.offset.reset", "earliest"), bytes, bytes);
    for (consumer.subscribe(List.of(args[1])); true; consumer.commitSync()) {
      for (var message : consumer.poll(Duration.ofSeconds(1))) {
        System.out.print(message.topic() + "-" + message.partition() + "-" + message.offset() + ": ");
        try {
          EmbeddingFields read = reader.read(message.value());
          System.out.println(read.id() + ", " + read.embedding().vector().length + " features");
        } catch (UnreadableRecordException | IOException e) {
          System.out.println(e.getMessage()); // A dead letter, deleted, of an unknown schema; or no registry.
          if (e instanceof IOException) System.exit(1);
        }
      }
    }
  }
}
