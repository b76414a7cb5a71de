// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench;

import io.imageembedding.it.BrokerProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A broker in its own process with a topic of photos, and workers that read it. */
final class StreamSetup implements AutoCloseable {
  static final int SLOTS = 2;
  static final int BATCH = 8;

  /** Of what a bare loop could take while a job runs, published so that no job runs dry. */
  private static final double RESERVE = 1.3;

  private static final double START_SECONDS = 4;

  private final Bench.Setting setting;
  private final BrokerProcess broker;
  private final Topics topics;
  private final List<WorkerProcess> workers = new ArrayList<>();
  private String input;

  private StreamSetup(Bench.Setting setting) throws IOException {
    this.setting = setting;
    broker = BrokerProcess.start(setting.folder().resolve("broker.log"));
    topics = new Topics(broker.bootstrapServers());
  }

  static StreamSetup start(Bench.Setting setting) throws IOException {
    return new StreamSetup(setting);
  }

  Topics topics() {
    return topics;
  }

  WorkerProcess worker(String contender, String arguments) throws IOException {
    WorkerProcess worker = WorkerProcess.java(setting.folder(), contender, List.of(), arguments);
    workers.add(worker);
    return worker;
  }

  /** A script of ours, with the fixtures' folder. */
  WorkerProcess python(String contender, String script) throws IOException {
    WorkerProcess worker =
        WorkerProcess.python(
            setting.folder(),
            contender,
            Python.script(script),
            List.of(setting.folder().toString()));
    workers.add(worker);
    return worker;
  }

  /** The bare loop, warm. */
  WorkerProcess loop(String precision) throws IOException {
    WorkerProcess loop = worker("loop/" + precision, "");
    loopRate(loop, setting.effort().streamWarmUp().toMillis() / 1e3);
    return loop;
  }

  static double loopRate(WorkerProcess loop, double seconds) throws IOException {
    return loop.run("seconds=%s batch=%d callers=%d".formatted(seconds, BATCH, SLOTS))
        .get(InferenceContender.IMAGES_PER_SECOND);
  }

  /** Publishes enough for jobs of that rate. */
  void publish(double imagesPerSecond) throws IOException {
    double seconds =
        START_SECONDS
            + (setting.effort().streamWarmUp().toMillis() + setting.effort().stream().toMillis())
                / 1e3;
    input = topics.createInput("photos");
    topics.publish(
        input,
        Fixtures.photos(setting.folder()),
        (int) Math.ceil(imagesPerSecond * RESERVE * seconds));
  }

  /**
   * Runs a job on the photos, and looks on its topic what it wrote in the time that counts, which
   * is made of whole checkpoint intervals.
   *
   * @param warmUp seconds after the first output that do not count
   */
  Streamed run(WorkerProcess worker, int slots, double warmUp, double seconds) throws IOException {
    String output = topics.createOutput("vectors");
    String deadLetters = topics.createOutput("dead-letters");
    Map<String, Double> figures =
        worker.run(
            "seconds=%s warmup=%s slots=%d servers=%s input=%s output=%s dead-letters=%s"
                .formatted(seconds, warmUp, slots, topics.servers(), input, output, deadLetters));
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

  Path folder() {
    return setting.folder();
  }

  @Override
  public void close() throws InterruptedException {
    for (WorkerProcess worker : workers) {
      worker.close();
    }
    topics.close();
    broker.close();
  }
}
