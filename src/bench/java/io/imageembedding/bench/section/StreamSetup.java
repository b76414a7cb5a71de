// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.section;

import io.imageembedding.bench.contender.Contenders;
import io.imageembedding.bench.engine.Engines;
import io.imageembedding.bench.fixture.Fixtures;
import io.imageembedding.bench.report.Plan;
import io.imageembedding.bench.topic.Topics;
import io.imageembedding.bench.worker.Figures;
import io.imageembedding.bench.worker.WorkerProcess;
import io.imageembedding.it.BrokerProcess;
import io.imageembedding.model.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A broker in its own process with a topic of photos, and workers that read it; all of it is
 * started when it is first asked for, and shared by the sections.
 */
final class StreamSetup implements AutoCloseable {
  static final int SLOTS = 2;
  static final int BATCH = 8;

  /** Of what a bare loop could take while a job runs, published so that no job runs dry. */
  private static final double RESERVE = 1.3;

  private static final double START_SECONDS = 4;

  private final Plan plan;
  private final Path folder;
  private final Map<String, WorkerProcess> workers = new HashMap<>();
  private BrokerProcess broker;
  private Topics topics;
  private String input;

  StreamSetup(Plan plan, Path folder) {
    this.plan = plan;
    this.folder = folder;
  }

  Topics topics() throws IOException {
    if (topics == null) {
      broker = BrokerProcess.start(folder.resolve("broker.log"));
      // Workers end with their input; a broker has none.
      Runtime.getRuntime().addShutdownHook(new Thread(this::endBroker, "end broker"));
      topics = new Topics(broker.bootstrapServers());
    }
    return topics;
  }

  private void endBroker() {
    try {
      broker.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  Plan plan() {
    return plan;
  }

  Path folder() {
    return folder;
  }

  WorkerProcess worker(String contender, String arguments) throws IOException {
    WorkerProcess worker = workers.get(contender);
    if (worker == null) {
      worker = Contenders.start(folder, contender, List.of(), arguments);
      workers.put(contender, worker);
    }
    return worker;
  }

  /** The product's job. */
  WorkerProcess ours() throws IOException {
    return worker("job/" + Engines.OURS, "");
  }

  /** A script of ours, with the fixtures' folder. */
  WorkerProcess python(String contender, Path script) throws IOException {
    WorkerProcess worker =
        WorkerProcess.python(folder, contender, script, List.of(folder.toString()));
    workers.put(contender, worker);
    return worker;
  }

  /** The bare loop, warm. */
  WorkerProcess loop(Precision precision) throws IOException {
    WorkerProcess loop = worker("loop/" + precision.key(), "");
    loopRate(loop, plan.streamWarmUp().toMillis() / 1e3);
    return loop;
  }

  static double loopRate(WorkerProcess loop, double seconds) throws IOException {
    return loop.run(
        "seconds=%s batch=%d callers=%d".formatted(seconds, BATCH, SLOTS),
        Figures.IMAGES_PER_SECOND);
  }

  /** Publishes enough for jobs as fast as that loop, if nothing is there yet. */
  void publish(WorkerProcess loop) throws IOException {
    if (input != null) {
      return;
    }
    double rate = loopRate(loop, plan.round().toMillis() / 1e3);
    double seconds =
        START_SECONDS + (plan.streamWarmUp().toMillis() + plan.stream().toMillis()) / 1e3;
    String topic = topics().createInput("photos");
    topics.publish(topic, Fixtures.photos(folder), (int) Math.ceil(rate * RESERVE * seconds));
    input = topic;
  }

  /**
   * Runs a job on the photos, and looks on its topic what it wrote in the time that counts, which
   * is made of whole checkpoint intervals.
   *
   * @param warmUp seconds after the first output that do not count
   * @param settings further arguments of the job, {@code key=value}
   */
  Streamed run(WorkerProcess worker, int slots, double warmUp, double seconds, String... settings)
      throws IOException {
    String output = topics.createOutput("vectors");
    String deadLetters = topics.createOutput("dead-letters");
    Map<String, Double> figures =
        worker.run(
            "seconds=%s warmup=%s slots=%d checkpoints=%d servers=%s input=%s output=%s dead-letters=%s %s"
                .formatted(
                    seconds,
                    warmUp,
                    slots,
                    plan.checkpoints().toMillis(),
                    topics.servers(),
                    input,
                    output,
                    deadLetters,
                    String.join(" ", settings)));
    List<Topics.Written> written = topics.read(output);
    if (topics.end(deadLetters) > 0) {
      throw new IOException("there are dead letters");
    }
    topics.delete(output);
    topics.delete(deadLetters);
    long from =
        written.stream().mapToLong(Topics.Written::timestamp).min().orElseThrow()
            + (long) (warmUp * 1000);
    long to = from + (long) (seconds * 1000);
    long count =
        written.stream().filter(one -> one.timestamp() >= from && one.timestamp() < to).count();
    return new Streamed(count / seconds, figures);
  }

  /** What a job did. */
  record Streamed(double imagesPerSecond, Map<String, Double> figures) {}

  @Override
  public void close() throws InterruptedException {
    for (WorkerProcess worker : workers.values()) {
      worker.close();
    }
    if (topics != null) {
      topics.close();
      broker.close();
    }
  }
}
