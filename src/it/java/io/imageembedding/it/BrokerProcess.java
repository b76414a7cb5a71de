// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import io.imageembedding.broker.EmbeddedKafka;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.Writer;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;

/**
 * A Kafka broker in a process of its own, ended by whoever started it. One with a folder can be
 * killed and started again: it has the same address and what it had stored.
 */
public final class BrokerProcess implements AutoCloseable {
  private static final String READY = "broker ready at ";
  private static final String HEAP = "heap";

  private final Path log;
  private final Path folder;
  private final int port;
  private final Path settings;
  private final List<String> jvmArguments;
  private ChildProcess process;
  private BufferedReader out;
  private Writer in;
  private String bootstrapServers;

  private BrokerProcess(Path log, Path folder, int port, Path settings, List<String> jvmArguments) {
    this.log = log;
    this.folder = folder;
    this.port = port;
    this.settings = settings;
    this.jvmArguments = jvmArguments;
  }

  /** Starts a broker with a temporary folder, and waits until it is ready. */
  public static BrokerProcess start(Path log) throws IOException {
    BrokerProcess broker = new BrokerProcess(log, null, 0, null, List.of());
    broker.start();
    return broker;
  }

  /**
   * Starts a broker that can be started again, and waits until it is ready.
   *
   * @param folder for what it stores, its settings and its log
   * @param settings of the broker, which win over {@link EmbeddedKafka}'s
   * @param jvmArguments more of them
   */
  public static BrokerProcess start(
      Path folder, int port, Map<String, String> settings, List<String> jvmArguments)
      throws IOException {
    Files.createDirectories(folder);
    Path file = folder.resolve("broker.properties");
    Properties properties = new Properties();
    properties.putAll(settings);
    try (Writer writer = Files.newBufferedWriter(file)) {
      properties.store(writer, null);
    }
    BrokerProcess broker =
        new BrokerProcess(
            folder.resolve("broker.log"), folder.resolve("data"), port, file, jvmArguments);
    broker.start();
    return broker;
  }

  /** Starts it anew after it has ended, and waits until it is ready. */
  public void start() throws IOException {
    List<String> arguments =
        folder == null
            ? List.of()
            : List.of(folder.toString(), String.valueOf(port), settings.toString());
    List<String> jvm = new ArrayList<>(jvmArguments);
    jvm.add("-Xmx768m");
    Process started =
        new ProcessBuilder(JavaProcess.command(jvm, BrokerProcess.class, arguments))
            .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .start();
    process = new ChildProcess("broker", started);
    out = started.inputReader(StandardCharsets.UTF_8);
    in = started.outputWriter(StandardCharsets.UTF_8);
    for (String line = out.readLine(); line != null; line = out.readLine()) {
      if (line.startsWith(READY)) {
        bootstrapServers = line.substring(READY.length());
        return;
      }
    }
    throw new IOException("the broker did not start; see " + log);
  }

  /** host:port, for clients on this machine. */
  public String bootstrapServers() {
    return bootstrapServers;
  }

  public ChildProcess process() {
    return process;
  }

  /** Bytes of its heap that are in use after a collection. */
  public long heapBytes() throws IOException {
    in.write(HEAP + "\n");
    in.flush();
    String answer = out.readLine();
    if (answer == null) {
      throw new IOException("the broker has ended");
    }
    return Long.parseLong(answer);
  }

  @Override
  public void close() throws InterruptedException {
    process.close();
  }

  /** The process itself: prints where it listens, answers, and runs until it is ended. */
  public static void main(String[] args) throws IOException {
    PrintStream answers = System.out;
    EmbeddedKafka kafka = args.length == 0 ? EmbeddedKafka.start() : start(args);
    Runtime.getRuntime().addShutdownHook(new Thread(kafka::close));
    answers.println(READY + kafka.bootstrapServers());
    BufferedReader questions =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = questions.readLine(); line != null; line = questions.readLine()) {
      if (line.equals(HEAP)) {
        System.gc();
        answers.println(ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
      }
    }
    // Whoever started it is gone.
    System.exit(0);
  }

  private static EmbeddedKafka start(String[] args) throws IOException {
    Properties properties = new Properties();
    properties.load(Files.newBufferedReader(Path.of(args[2])));
    Map<String, String> settings = new HashMap<>();
    properties.forEach((key, value) -> settings.put((String) key, (String) value));
    return EmbeddedKafka.start(Path.of(args[0]), Integer.parseInt(args[1]), settings);
  }
}
