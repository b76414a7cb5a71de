// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.contender;

import io.imageembedding.bench.engine.Engine;
import io.imageembedding.bench.engine.Engines;
import io.imageembedding.bench.fixture.Fixtures;
import io.imageembedding.bench.worker.Arguments;
import io.imageembedding.schema.EmbeddingRecord;
import io.imageembedding.schema.Image;
import io.imageembedding.schema.Model;
import io.imageembedding.schema.Source;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * The job as one would write it first: one record a call of the network, ImageIO and Java2D for the
 * pixels, Avro's generated class for the result; from topic to topic exactly once, with the same
 * checkpoints as the product's job.
 */
final class FirstJob {
  private static final TypeInformation<Tuple2<String, byte[]>> KEY_AND_BYTES =
      Types.TUPLE(Types.STRING, Types.PRIMITIVE_ARRAY(Types.BYTE));

  private FirstJob() {}

  /**
   * @param engine kind of network that each task opens
   */
  static JobContender.Builder with(String engine, Arguments opened) {
    return (environment, config, arguments) ->
        build(environment, config, arguments, engine, opened);
  }

  private static void build(
      StreamExecutionEnvironment environment,
      Configuration config,
      Arguments arguments,
      String engine,
      Arguments opened) {
    environment.configure(config);
    KafkaSource<Tuple2<String, byte[]>> source =
        KafkaSource.<Tuple2<String, byte[]>>builder()
            .setBootstrapServers(arguments.text("servers"))
            .setTopics(arguments.text("input"))
            .setGroupId(arguments.text("output"))
            .setStartingOffsets(OffsetsInitializer.earliest())
            .setDeserializer(new KeyAndBytes())
            .build();
    KafkaSink<Tuple2<String, byte[]>> sink =
        KafkaSink.<Tuple2<String, byte[]>>builder()
            .setBootstrapServers(arguments.text("servers"))
            .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
            .setTransactionalIdPrefix(arguments.text("output"))
            .setProperty("transaction.timeout.ms", "900000")
            .setRecordSerializer(new ToTopic(arguments.text("output")))
            .build();
    environment
        .fromSource(source, WatermarkStrategy.noWatermarks(), "images", KEY_AND_BYTES)
        .map(new Embed(engine, opened.toString()))
        .returns(KEY_AND_BYTES)
        .sinkTo(sink);
  }

  private static final class KeyAndBytes
      implements KafkaRecordDeserializationSchema<Tuple2<String, byte[]>> {
    private static final long serialVersionUID = 1L;

    @Override
    public void deserialize(
        ConsumerRecord<byte[], byte[]> message, Collector<Tuple2<String, byte[]>> out) {
      out.collect(Tuple2.of(new String(message.key(), StandardCharsets.UTF_8), message.value()));
    }

    @Override
    public TypeInformation<Tuple2<String, byte[]>> getProducedType() {
      return KEY_AND_BYTES;
    }
  }

  private record ToTopic(String topic)
      implements KafkaRecordSerializationSchema<Tuple2<String, byte[]>> {
    private static final long serialVersionUID = 1L;

    @Override
    public ProducerRecord<byte[], byte[]> serialize(
        Tuple2<String, byte[]> pair, KafkaSinkContext context, Long timestamp) {
      return new ProducerRecord<>(topic, pair.f0.getBytes(StandardCharsets.UTF_8), pair.f1);
    }
  }

  private static final class Embed
      extends RichMapFunction<Tuple2<String, byte[]>, Tuple2<String, byte[]>> {
    private static final long serialVersionUID = 1L;

    private final String kind;
    private final String opened;
    private transient Engine.Factory factory;
    private transient Engine engine;

    Embed(String kind, String opened) {
      this.kind = kind;
      this.opened = opened;
    }

    @Override
    public void open(OpenContext context) throws Exception {
      factory = Engines.open(kind, Arguments.of(opened));
      engine = factory.create();
    }

    @Override
    public Tuple2<String, byte[]> map(Tuple2<String, byte[]> image) throws Exception {
      BufferedImage photo = ImageIO.read(new ByteArrayInputStream(image.f1));
      engine.load(JavaPixels.resized(photo, Fixtures.SIZE), 1);
      List<Float> features = new ArrayList<>();
      for (float feature : engine.embed()[0]) {
        features.add(feature);
      }
      EmbeddingRecord record =
          new EmbeddingRecord(
              image.f0,
              features,
              new Model("mobilenet_v2", "", "fp32", ""),
              "",
              new Image("jpeg", photo.getWidth(), photo.getHeight()),
              new Source("images", 0, 0L, null),
              null,
              Map.of(),
              null,
              null);
      return Tuple2.of(image.f0, EmbeddingRecord.getEncoder().encode(record).array());
    }

    @Override
    public void close() throws Exception {
      if (engine != null) {
        engine.close();
        factory.close();
      }
    }
  }
}
