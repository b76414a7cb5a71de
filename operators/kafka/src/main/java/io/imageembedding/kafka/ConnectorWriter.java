// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.Collection;
import java.util.Properties;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.sink.KafkaWriterState;
import org.apache.flink.connector.kafka.sink.TwoPhaseCommittingStatefulSink.PrecommittingStatefulSinkWriter;
import org.apache.flink.connector.kafka.sink.internal.TransactionAbortStrategyImpl;
import org.apache.flink.connector.kafka.sink.internal.TransactionNamingStrategyImpl;
import org.apache.flink.metrics.Counter;
import org.apache.flink.runtime.checkpoint.CheckpointIDCounter;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * The connector's exactly-once writer, made so that nothing of it outlives its start and no foreign
 * transaction ends it. It looks for the open transactions of an earlier run with an admin client
 * that it never closes (version 5.0.0-2.2), which would leave a thread, connections and the job's
 * class loader behind with every start of every task, and by the beginnings of their ids. So that
 * is done here, and the writer is made and begins its first transaction by reflection: its class
 * and what that takes are the connector's own.
 */
final class ConnectorWriter {
  private static final String TYPE = KafkaSink.class.getPackageName() + ".ExactlyOnceKafkaWriter";

  private ConnectorWriter() {}

  /**
   * Makes a writer that has aborted what an earlier run left open, and has begun a transaction.
   *
   * @param aborted counts what was left open
   * @throws IOException or what the connector throws, if brokers do not answer or refuse
   */
  static PrecommittingStatefulSinkWriter<OutgoingMessage, KafkaWriterState, KafkaCommittable>
      restore(
          SinkSettings settings,
          WriterInitContext context,
          Collection<KafkaWriterState> recovered,
          Counter aborted)
          throws IOException {
    OwnedTransactions.requireUnshared(context.getTaskInfo(), recovered);
    String prefix = settings.transactionalIdPrefix();
    Properties producer = settings.producer();
    producer.setProperty(
        ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class.getName());
    producer.setProperty(
        ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class.getName());
    Admin admin = BrokerPatience.patient(settings.clients());
    try {
      aborted.inc(OwnedTransactions.abortLeft(prefix, admin, context.getTaskInfo(), recovered));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while transactions were looked for", e);
    } finally {
      admin.close(Duration.ZERO);
    }
    try {
      Constructor<?> constructor = Class.forName(TYPE).getDeclaredConstructors()[0];
      constructor.setAccessible(true);
      var writer =
          checked(
              constructor.newInstance(
                  settings.guarantee(),
                  producer,
                  prefix,
                  context,
                  new MessageSerializer(settings.topic()),
                  context.asSerializationSchemaInitializationContext(),
                  TransactionAbortStrategyImpl.LISTING,
                  TransactionNamingStrategyImpl.POOLING,
                  OwnedTransactions.under(prefix, recovered)));
      long checkpoint =
          context.getRestoredCheckpointId().orElse(CheckpointIDCounter.INITIAL_CHECKPOINT_ID - 1);
      try {
        begin(writer, checkpoint + 1);
      } catch (ReflectiveOperationException | RuntimeException e) {
        QuietClose.of(writer, "the Kafka writer of topic '" + settings.topic() + "'");
        throw e;
      }
      return writer;
    } catch (InvocationTargetException e) {
      throw asThrown(e.getCause());
    } catch (ReflectiveOperationException | IllegalArgumentException e) {
      throw new IllegalStateException(
          "the Kafka connector on the class path is not the one that this was made for, 5.0.0-2.2",
          e);
    }
  }

  private static void begin(Object writer, long checkpoint) throws ReflectiveOperationException {
    Method start = writer.getClass().getDeclaredMethod("startTransaction", long.class);
    start.setAccessible(true);
    Field current = writer.getClass().getSuperclass().getDeclaredField("currentProducer");
    current.setAccessible(true);
    current.set(writer, start.invoke(writer, checkpoint));
  }

  @SuppressWarnings("unchecked")
  private static PrecommittingStatefulSinkWriter<
          OutgoingMessage, KafkaWriterState, KafkaCommittable>
      checked(Object writer) {
    return (PrecommittingStatefulSinkWriter<OutgoingMessage, KafkaWriterState, KafkaCommittable>)
        writer;
  }

  private static IOException asThrown(Throwable thrown) {
    if (thrown instanceof RuntimeException runtime) {
      throw runtime;
    }
    if (thrown instanceof Error error) {
      throw error;
    }
    return thrown instanceof IOException io ? io : new IOException(thrown);
  }
}
