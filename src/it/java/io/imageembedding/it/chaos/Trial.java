// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it.chaos;

import io.imageembedding.cli.Embed;
import io.imageembedding.it.ChildProcess;
import io.imageembedding.it.JavaProcess;
import io.imageembedding.it.JavaProcess.Ended;
import io.imageembedding.it.TestingImages;
import io.imageembedding.jobs.EmbedImagesJob;
import io.imageembedding.jobs.JobConfiguration;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;

/**
 * One scenario being played: a job with topics of its own on a {@link TestBed}, and the count at
 * its end. Every id has to be answered, once, with the vector that an undisturbed run gave.
 */
final class Trial implements AutoCloseable {
  private static final Set<String> ENDED = Set.of("FINISHED", "CANCELED", "FAILED", "SUSPENDED");

  /** Builds a job that is not quite the product's own. */
  interface JobBuilder {
    void build(StreamExecutionEnvironment env, Configuration config) throws Exception;
  }

  private static final int LONG = 10_000;

  private final TestBed bed;
  private final String name;
  private final int records;
  private final Map<String, Long> expected;
  private final Consumer<String> progress;
  private final Path folder;
  private final TrialTopics topics;
  private final Map<String, String> options = new TreeMap<>();
  private final List<String> jars = new ArrayList<>();
  private final List<String> jobs = new ArrayList<>();
  private final List<String> faults = new ArrayList<>();
  private final List<Feed> feeds = new ArrayList<>();
  private final Set<String> notExpected = new HashSet<>();
  private final Map<String, Long> deadLetters = new TreeMap<>();
  private final Instant begun = Instant.now();
  private final Answers answers;
  private boolean comparable = true;
  private int mayRepeat;
  private String job;
  private Instant struck;
  private Duration recovery;
  private long residentBefore;

  /**
   * @param expected digests of an undisturbed run by id; null: this is it
   * @param progress takes a line whenever something happens
   */
  Trial(
      TestBed bed, String name, int records, Map<String, Long> expected, Consumer<String> progress)
      throws Exception {
    this.bed = bed;
    this.name = name;
    this.records = records;
    this.expected = expected;
    this.progress = progress;
    folder = Files.createDirectories(bed.folder().resolve(name));
    topics = new TrialTopics(bed.broker().bootstrapServers(), name);
    answers = new Answers(topics.client(), topics.embeddings(), topics.deadLetters());
    options.putAll(topics.options());
    options.put("pipeline.name", "chaos-" + name);
    options.put("parallelism.default", "2");
    options.put("image-embedding.model", "untrained:mobilenet_v2_0.35_96");
    options.put("execution.checkpointing.interval", "1 s");
    options.put("execution.checkpointing.dir", folder.resolve("checkpoints").toUri().toString());
    options.put("restart-strategy.type", "fixed-delay");
    options.put("restart-strategy.fixed-delay.attempts", "10000");
    options.put("restart-strategy.fixed-delay.delay", "1 s");
    options.put("execution.target", "remote");
    options.put("rest.address", "localhost");
    options.put("rest.port", String.valueOf(bed.cluster().restPort()));
    jars.add(
        JavaProcess.project()
            .resolve("jobs/stream/target/image-embedding-job.jar")
            .toUri()
            .toString());
  }

  TestBed bed() {
    return bed;
  }

  TrialTopics topics() {
    return topics;
  }

  Answers answers() {
    return answers;
  }

  Path folder() {
    return folder;
  }

  int records() {
    return records;
  }

  /** Options of the jobs that are submitted from here on. */
  Trial option(String key, String value) {
    options.put(key, value);
    return this;
  }

  void say(String line) {
    progress.accept(line);
  }

  /** Notes a fault unless it is as it should be. */
  void require(boolean asItShould, String fault) {
    if (!asItShould) {
      faults.add(fault);
    }
  }

  /** Begins to publish all messages, at a rate that lets the job run long enough to be harmed. */
  Feed feed() {
    return feed(0, records);
  }

  Feed feed(int from, int to) {
    return feed(from, to, Math.max(100, Math.min(500, records / 8)));
  }

  /** Publishes as fast as the broker takes them, and waits for that. */
  void feedAtOnce(int from, int to) {
    Feed feed = feed(from, to, 0);
    await("messages to be taken", Duration.ofMinutes(5), feed::isDone);
  }

  Feed feed(int from, int to, int perSecond) {
    Feed feed = new Feed(topics.client(), topics.images(), from, to, perSecond);
    feeds.add(feed);
    return feed;
  }

  /** Ids that have no answer although they were published. */
  void expectNone(int from, int to) {
    IntStream.range(from, to).mapToObj(TestingImages::id).forEach(notExpected::add);
  }

  /** An id that is embedded in an undisturbed run, and is not here. */
  void expectDeadLetter(String id) {
    deadLetters.put(id, Tallies.DEAD_LETTER);
  }

  /** How many ids may have two answers: those that came after what the job goes on from. */
  void mayRepeat(int ids) {
    mayRepeat = ids;
  }

  /** Whether there is time for harm that takes minutes. */
  boolean isLong() {
    return isLong(records);
  }

  static boolean isLong(int records) {
    return records >= LONG;
  }

  /** The job has another model than the undisturbed run. */
  void otherVectors() {
    comparable = false;
  }

  /** The same by the command line, in a process of its own. */
  Ended submitByCommand(String... more) throws IOException, InterruptedException {
    List<String> arguments = new ArrayList<>(List.of("job"));
    options.forEach((key, value) -> arguments.addAll(List.of("-D", key + "=" + value)));
    arguments.addAll(List.of(more));
    List<String> jvm =
        List.of("-Dimage-embedding.job-jar=" + Path.of(URI.create(jars.get(0))).toString());
    return JavaProcess.run(
        folder, Map.of(), JavaProcess.command(jvm, Embed.class, arguments).toArray(String[]::new));
  }

  /** Submits a job that cannot run, and waits until that is said; what is said. */
  String submitInVain() throws Exception {
    String refusal = submitExpectingRefusal();
    if (refusal != null) {
      return refusal;
    }
    awaitState("FAILED");
    return bed.flink().failure(job);
  }

  /** Submits a job; what it was refused with, or null. */
  String submitExpectingRefusal() {
    try {
      submit();
      return null;
    } catch (Exception e) {
      StringBuilder said = new StringBuilder();
      for (Throwable cause = e; cause != null; cause = cause.getCause()) {
        said.append(cause).append('\n');
      }
      return said.toString();
    }
  }

  String submit() throws Exception {
    return submit(EmbedImagesJob::build);
  }

  String submit(JobBuilder builder) throws Exception {
    Configuration config = EmbedImagesJob.withDefaults(JobConfiguration.load(null, options));
    config.set(PipelineOptions.JARS, jars);
    StreamExecutionEnvironment env = new StreamExecutionEnvironment(config);
    builder.build(env, config);
    job = env.executeAsync(config.get(PipelineOptions.NAME)).getJobID().toString();
    jobs.add(job);
    say("submitted");
    return job;
  }

  /** Puts classes of the tests where the job's tasks find them. */
  void addJar(Path jar) {
    jars.add(jar.toUri().toString());
  }

  String job() {
    return job;
  }

  /** Goes on with the harm done to another job. */
  void follow(String other) {
    job = other;
  }

  String state() throws InterruptedException {
    return bed.flink().state(job);
  }

  /** Waits until a part of all messages is answered. */
  void awaitAnswered(double share) {
    awaitAnswers((int) (share * records));
  }

  void awaitAnswers(int ids) {
    await(ids + " answers", patience(), () -> answers.answered() >= ids);
  }

  Duration patience() {
    return Duration.ofMinutes(3).plusMillis(30L * records);
  }

  void await(String what, Duration patience, Callable<Boolean> condition) {
    Awaitility.await(what)
        .atMost(patience)
        .pollInterval(Duration.ofMillis(100))
        .pollDelay(Duration.ZERO)
        .until(condition);
  }

  /** The harm is done from here on. */
  void strike(String what) throws IOException {
    residentBefore = Math.max(residentBefore, bed.residentBytes());
    struck = Instant.now();
    say(what + ", with " + answers.answered() + " of " + records + " answered");
  }

  /** Waits until a checkpoint that was begun after the harm is complete. */
  void awaitRecovered() {
    long since = struck.toEpochMilli();
    await(
        "a checkpoint after the failure",
        patience(),
        () -> bed.flink().lastCheckpointBegun(job) > since);
    Duration took = Duration.between(struck, Instant.now());
    if (recovery == null || took.compareTo(recovery) > 0) {
      recovery = took;
    }
    say("recovered after %.1f s".formatted(took.toMillis() / 1000.0));
  }

  /** A TaskManager in which tasks of the job are. */
  ChildProcess taskManagerOfJob() throws IOException, InterruptedException {
    Set<String> ids = bed.flink().taskManagersOf(job);
    return bed.cluster().taskManagers().stream()
        .filter(each -> ids.contains(each.name()))
        .findFirst()
        .orElseThrow(() -> new IOException("no task of the job is in " + ids));
  }

  /** Waits until a checkpoint that is begun from here on is complete, or the job has ended. */
  void awaitCheckpoint() {
    long since = Instant.now().toEpochMilli();
    await(
        "a checkpoint",
        patience(),
        () -> bed.flink().lastCheckpointBegun(job) > since || ENDED.contains(state()));
  }

  void pause(Duration time) {
    Awaitility.await().pollDelay(time).atMost(time.plusMinutes(1)).until(() -> true);
  }

  void awaitState(String state) {
    await("state " + state, patience(), () -> state().equals(state));
  }

  /** Ends the job; what was committed stays. */
  void cancel() throws IOException, InterruptedException {
    bed.flink().cancel(job);
    await("the end of the job", patience(), () -> ENDED.contains(state()));
  }

  String stopWithSavepoint() throws IOException, InterruptedException {
    String savepoint = bed.flink().stopWithSavepoint(job, folder.resolve("savepoints"), patience());
    await("the end of the job", patience(), () -> ENDED.contains(state()));
    return savepoint;
  }

  /** Waits for the last answer, ends the job, and counts. */
  Verdict finish() throws Exception {
    for (Feed feed : feeds) {
      await("messages to be taken", patience(), feed::isDone);
    }
    int due = records - notExpected.size();
    try {
      awaitAnswers(due);
      if (job != null && !ENDED.contains(state())) {
        // What would be answered twice comes with the next checkpoint.
        awaitCheckpoint();
      }
    } catch (ConditionTimeoutException e) {
      faults.add(e.getMessage() + "; the job is " + state() + ": " + bed.flink().failure(job));
    }
    long residentAfter = bed.residentBytes();
    if (job != null && !ENDED.contains(state())) {
      cancel();
    }
    await("all transactions to be ended", patience(), () -> topics.behindOpenTransactions() == 0);
    answers.close();
    return count(residentAfter);
  }

  private Verdict count(long residentAfter) throws Exception {
    Tallies tallies = answers.tallies();
    List<String> missing =
        tallies.missing(
            IntStream.range(0, records)
                .mapToObj(TestingImages::id)
                .filter(id -> !notExpected.contains(id))
                .toList());
    List<String> twice = tallies.repeated();
    Map<String, Long> right =
        new TreeMap<>(expected != null && comparable ? expected : tallies.digests());
    right.putAll(deadLetters);
    List<String> differing = tallies.differing(right);
    require(missing.isEmpty(), missing.size() + " ids are missing, " + first(missing));
    require(
        twice.size() <= mayRepeat,
        twice.size() + " ids were answered twice, " + first(twice) + "; allowed: " + mayRepeat);
    require(differing.isEmpty(), differing.size() + " vectors differ, " + first(differing));
    return new Verdict(
        name,
        records,
        missing.size(),
        Math.max(0, twice.size() - mayRepeat),
        differing.size(),
        recovery,
        topics.transactionalIds("chaos-" + name),
        residentBefore,
        residentAfter,
        Duration.between(begun, Instant.now()),
        List.copyOf(faults),
        null);
  }

  private static String first(List<String> ids) {
    return "first " + (ids.isEmpty() ? "-" : ids.get(0));
  }

  /** Ends what runs, whatever came of it. */
  @Override
  public void close() throws Exception {
    feeds.forEach(Feed::close);
    answers.close();
    for (String each : jobs) {
      String state = bed.flink().state(each);
      if (!ENDED.contains(state) && !state.equals("UNKNOWN")) {
        bed.flink().cancel(each);
      }
    }
    topics.close();
  }
}
