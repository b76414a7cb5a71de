// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** A job that sends every message to the output as it came, on a cluster in this process. */
final class TestingCopyJob {
  private static final Map<String, AtomicInteger> STARTS = new ConcurrentHashMap<>();

  private final String name;
  private final JobClient client;

  private TestingCopyJob(String name, JobClient client) {
    this.name = name;
    this.client = client;
  }

  /** With the sink that a job of these options has. */
  static TestingCopyJob start(TestingTopics topics, Configuration config) throws Exception {
    return start(
        config,
        new GuardedKafkaSink(
            new SinkSettings(
                config.get(PipelineOptions.NAME),
                SinkSettings.EMBEDDINGS,
                topics.output(),
                DeliveryGuarantee.EXACTLY_ONCE,
                config.get(KafkaOptions.TRANSACTION_TIMEOUT),
                config.get(KafkaOptions.LOST_TRANSACTIONS),
                topics.clients(config),
                false)));
  }

  static TestingCopyJob start(Configuration config, Sink<OutgoingMessage> sink) throws Exception {
    String name = config.get(PipelineOptions.NAME);
    StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(config);
    KafkaTopics.of(config)
        .read(env)
        .map(new Copy(name))
        .returns(OutgoingMessage.typeInformation())
        .uid("copy")
        .sinkTo(sink)
        .uid("embeddings");
    return new TestingCopyJob(name, env.executeAsync(name));
  }

  JobClient client() {
    return client;
  }

  /** How often a task of a job of this name has been started. */
  int starts() {
    return STARTS.getOrDefault(name, new AtomicInteger()).get();
  }

  /** A savepoint whose transactions are pre-committed; the job goes on. */
  String savepoint(String folder) throws Exception {
    return client.triggerSavepoint(folder, SavepointFormatType.CANONICAL).get();
  }

  void cancel() throws Exception {
    client.cancel().get();
  }

  private static final class Copy extends RichMapFunction<KafkaMessage, OutgoingMessage> {
    private static final long serialVersionUID = 1L;

    private final String job;

    private Copy(String job) {
      this.job = job;
    }

    @Override
    public void open(OpenContext context) {
      STARTS.computeIfAbsent(job, name -> new AtomicInteger()).incrementAndGet();
    }

    @Override
    public OutgoingMessage map(KafkaMessage message) {
      return new OutgoingMessage(
          message.key(), message.value(), List.of(), message.source().partition());
    }
  }
}
