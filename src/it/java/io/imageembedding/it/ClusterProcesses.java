// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import io.imageembedding.it.JavaProcess.Ended;
import java.io.File;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A standalone Flink cluster of two processes, with TensorFlow's jars in its lib and nothing of the
 * job: what it runs comes out of the job's jar.
 */
final class ClusterProcesses implements AutoCloseable {
  /** Of the tests' own classpath, what a cluster does not have but the job's jar brings. */
  private static final List<String> NOT_ON_A_CLUSTER =
      List.of(
          "/target/",
          "/io/imageembedding/",
          "/flink-connector-kafka/",
          "/org/apache/kafka/",
          "/org/apache/avro/",
          "/com/fasterxml/",
          "/com/twelvemonkeys/");

  private final Path conf;
  private final int restPort;
  private final Path log;
  private final List<Process> processes = new ArrayList<>();

  private ClusterProcesses(Path conf, int restPort, Path log) {
    this.conf = conf;
    this.restPort = restPort;
    this.log = log;
  }

  static ClusterProcesses start(Path folder) throws IOException {
    Path conf = Files.createDirectory(folder.resolve("conf"));
    int restPort = freePort();
    Files.writeString(
        conf.resolve("config.yaml"),
        """
        jobmanager.rpc.address: localhost
        jobmanager.rpc.port: %d
        rest.address: localhost
        rest.port: %d
        taskmanager.host: localhost
        taskmanager.numberOfTaskSlots: 2
        taskmanager.cpu.cores: 2.0
        taskmanager.memory.framework.heap.size: 128m
        taskmanager.memory.framework.off-heap.size: 128m
        taskmanager.memory.task.heap.size: 512m
        taskmanager.memory.task.off-heap.size: 1g
        taskmanager.memory.managed.size: 16m
        taskmanager.memory.network.min: 64m
        taskmanager.memory.network.max: 64m
        taskmanager.memory.jvm-metaspace.size: 256m
        taskmanager.memory.jvm-overhead.min: 192m
        taskmanager.memory.jvm-overhead.max: 192m
        classloader.parent-first-patterns.additional: org.tensorflow;org.bytedeco;com.google.protobuf
        """
            .formatted(freePort(), restPort));
    ClusterProcesses cluster = new ClusterProcesses(conf, restPort, folder.resolve("cluster.log"));
    cluster.start("org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint");
    cluster.start("org.apache.flink.runtime.taskexecutor.TaskManagerRunner");
    return cluster;
  }

  private void start(String main) throws IOException {
    List<String> command =
        JavaProcess.command(classpath(), main, List.of("--configDir", conf.toString()));
    processes.add(
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .start());
  }

  /** Flink's own {@code flink}, with this cluster's configuration. */
  Ended flink(Path folder, String... arguments) throws IOException, InterruptedException {
    return JavaProcess.run(
        folder,
        Map.of("FLINK_CONF_DIR", conf.toString()),
        JavaProcess.command(
                classpath(),
                "org.apache.flink.client.cli.CliFrontend",
                Stream.concat(Stream.of("run"), Arrays.stream(arguments)).toList())
            .toArray(String[]::new));
  }

  int restPort() {
    return restPort;
  }

  boolean isAlive() {
    return processes.stream().allMatch(Process::isAlive);
  }

  String log() throws IOException {
    return Files.readString(log);
  }

  private static String classpath() {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(entry -> NOT_ON_A_CLUSTER.stream().noneMatch(entry::contains))
        .collect(Collectors.joining(File.pathSeparator));
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  @Override
  public void close() throws InterruptedException {
    for (Process process : processes) {
      process.destroy();
    }
    for (Process process : processes) {
      if (!process.waitFor(20, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    }
  }
}
