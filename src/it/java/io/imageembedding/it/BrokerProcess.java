// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import io.imageembedding.jobs.EmbeddedKafka;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A Kafka broker in a process of its own, ended by whoever started it. */
public final class BrokerProcess implements AutoCloseable {
  private static final String READY = "broker ready at ";

  private final Process process;
  private final String bootstrapServers;

  private BrokerProcess(Process process, String bootstrapServers) {
    this.process = process;
    this.bootstrapServers = bootstrapServers;
  }

  /** Starts a broker, and waits until it is ready. */
  public static BrokerProcess start(Path log) throws IOException {
    Process process =
        new ProcessBuilder(JavaProcess.command(BrokerProcess.class, List.of()))
            .redirectError(log.toFile())
            .start();
    BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
    for (String line = out.readLine(); line != null; line = out.readLine()) {
      if (line.startsWith(READY)) {
        return new BrokerProcess(process, line.substring(READY.length()));
      }
    }
    throw new IOException("the broker did not start; see " + log);
  }

  /** host:port, for clients on this machine. */
  public String bootstrapServers() {
    return bootstrapServers;
  }

  @Override
  public void close() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(20, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
    }
  }

  /** The process itself: prints where it listens, and runs until it is ended. */
  public static void main(String[] args) throws IOException, InterruptedException {
    EmbeddedKafka kafka = EmbeddedKafka.start();
    Runtime.getRuntime().addShutdownHook(new Thread(kafka::close));
    System.out.println(READY + kafka.bootstrapServers());
    Thread.currentThread().join();
  }
}
