// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import io.imageembedding.it.JavaProcess.Ended;
import io.imageembedding.safety.FreePort;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A standalone Flink cluster of processes, with TensorFlow's jars in its lib and nothing of the
 * job: what it runs comes out of the job's jar.
 */
public final class ClusterProcesses implements AutoCloseable {

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

  private static final String JOB_MANAGER =
      "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint";
  private static final String APPLICATION =
      "org.apache.flink.container.entrypoint.StandaloneApplicationClusterEntryPoint";

  private static final String TASK_MANAGER =
      "org.apache.flink.runtime.taskexecutor.TaskManagerRunner";

  private static final String MAIN = "io.imageembedding.jobs.EmbedImagesJob";

  /** What Flink's own scripts would make of the memory options below. */
  private static final List<String> TASK_MANAGER_MEMORY =
      List.of("-Xms640m", "-Xmx640m", "-XX:MaxDirectMemorySize=1216m");

  /** As {@code deploy/README.md} has it. */
  private static final Map<String, String> ENVIRONMENT = Map.of("MALLOC_ARENA_MAX", "2");

  private final Path folder;
  private final Path conf;
  private final int restPort;
  private final List<String> jvmArguments;
  private final List<String> job;
  private final String classpath;
  private final List<ChildProcess> taskManagers = new ArrayList<>();
  private ChildProcess jobManager;
  private int started;

  private ClusterProcesses(
      Path folder,
      Path conf,
      int restPort,
      List<String> jvmArguments,
      String classpath,
      List<String> job) {
    this.folder = folder;
    this.conf = conf;
    this.restPort = restPort;
    this.jvmArguments = jvmArguments;
    this.job = job;
    this.classpath = classpath;
  }

  /** A JobManager and one TaskManager with two slots. */
  static ClusterProcesses start(Path folder) throws IOException {
    return start(folder, Map.of(), 1, List.of());
  }

  /**
   * A JobManager and TaskManagers with two slots each.
   *
   * @param folder for configuration and logs
   * @param settings of Flink, which win over what is set here
   * @param jvmArguments more of them, for every process
   */
  public static ClusterProcesses start(
      Path folder, Map<String, String> settings, int taskManagers, List<String> jvmArguments)
      throws IOException {
    return start(folder, settings, taskManagers, jvmArguments, jars(), List.of());
  }

  /**
   * The same in application mode: the JobManager runs the job of the jar, and one TaskManager what
   * it says.
   *
   * @param job arguments of the jar's program
   */
  static ClusterProcesses startApplication(
      Path folder, Map<String, String> settings, Path jar, List<String> job) throws IOException {
    Path jars = Files.createDirectory(folder.resolve("usrlib"));
    Files.createSymbolicLink(jars.resolve(jar.getFileName()), jar);
    List<String> arguments = new ArrayList<>(List.of("--job-classname", MAIN, "--"));
    arguments.addAll(job);
    return start(folder, settings, 1, List.of("-XX:TieredStopAtLevel=1"), jars(), arguments);
  }

  /**
   * A JobManager and a TaskManager of a distribution.
   *
   * @param home its folder, which gets their configuration and logs
   */
  static ClusterProcesses startDistribution(Path home, Map<String, String> settings)
      throws IOException {
    return start(home, settings, 1, List.of(), home.resolve("lib") + "/*", List.of());
  }

  private static ClusterProcesses start(
      Path folder,
      Map<String, String> settings,
      int taskManagers,
      List<String> jvmArguments,
      String classpath,
      List<String> job)
      throws IOException {
    Path conf = Files.createDirectory(folder.resolve("conf"));
    int restPort = FreePort.find();
    Map<String, String> all = new TreeMap<>();
    all.put("jobmanager.rpc.address", "localhost");
    all.put("jobmanager.rpc.port", String.valueOf(FreePort.find()));
    all.put("rest.address", "localhost");
    all.put("rest.port", String.valueOf(restPort));
    // In the machine's own, TaskManagers of one name would look through all that killed ones left.
    all.put("process.working-dir", folder.resolve("work").toString());
    all.put("taskmanager.host", "localhost");
    all.put("taskmanager.numberOfTaskSlots", "2");
    all.put("taskmanager.cpu.cores", "2.0");
    all.put("taskmanager.memory.framework.heap.size", "128m");
    all.put("taskmanager.memory.framework.off-heap.size", "128m");
    all.put("taskmanager.memory.task.heap.size", "512m");
    all.put("taskmanager.memory.task.off-heap.size", "1g");
    all.put("taskmanager.memory.managed.size", "16m");
    all.put("taskmanager.memory.network.min", "64m");
    all.put("taskmanager.memory.network.max", "64m");
    all.put("taskmanager.memory.jvm-metaspace.size", "256m");
    all.put("taskmanager.memory.jvm-overhead.min", "192m");
    all.put("taskmanager.memory.jvm-overhead.max", "192m");
    all.put(
        "classloader.parent-first-patterns.additional",
        "org.tensorflow;org.bytedeco;com.google.protobuf");
    all.putAll(settings);
    Files.write(
        conf.resolve("config.yaml"),
        all.entrySet().stream().map(each -> each.getKey() + ": " + each.getValue()).toList());
    ClusterProcesses cluster =
        new ClusterProcesses(folder, conf, restPort, jvmArguments, classpath, job);
    cluster.startJobManager();
    for (int i = 0; i < taskManagers; i++) {
      cluster.startTaskManager();
    }
    return cluster;
  }

  /** Starts the JobManager, also one anew at the same address. */
  public void startJobManager() throws IOException {
    String main = job.isEmpty() ? JOB_MANAGER : APPLICATION;
    jobManager = start("jobmanager", List.of("-Xmx512m"), main, job);
  }

  /** Starts one more TaskManager. */
  public ChildProcess startTaskManager() throws IOException {
    String name = "taskmanager-" + ++started;
    ChildProcess taskManager =
        start(
            name,
            TASK_MANAGER_MEMORY,
            TASK_MANAGER,
            List.of("-D", "taskmanager.resource-id=" + name));
    taskManagers.add(taskManager);
    return taskManager;
  }

  private ChildProcess start(String name, List<String> memory, String main, List<String> more)
      throws IOException {
    List<String> jvm = new ArrayList<>(memory);
    jvm.addAll(jvmArguments);
    jvm.add(
        "-Dlog4j2.configurationFile="
            + JavaProcess.project().resolve("src/it/resources/process-log4j2.xml"));
    List<String> arguments = new ArrayList<>(List.of("--configDir", conf.toString()));
    arguments.addAll(more);
    ProcessBuilder builder =
        new ProcessBuilder(JavaProcess.command(jvm, classpath, main, arguments))
            .redirectErrorStream(true)
            .redirectOutput(
                ProcessBuilder.Redirect.appendTo(folder.resolve(name + ".log").toFile()));
    builder.environment().putAll(ENVIRONMENT);
    // Beside it Flink looks for usrlib.
    builder.environment().put("FLINK_LIB_DIR", folder.resolve("lib").toString());
    return new ChildProcess(name, builder.start());
  }

  /** Flink's own {@code flink}, with this cluster's configuration. */
  Ended flink(Path folder, String... arguments) throws IOException, InterruptedException {
    return JavaProcess.run(
        folder,
        Map.of("FLINK_CONF_DIR", conf.toString()),
        JavaProcess.command(
                classpath,
                "org.apache.flink.client.cli.CliFrontend",
                Stream.concat(Stream.of("run"), Arrays.stream(arguments)).toList())
            .toArray(String[]::new));
  }

  public int restPort() {
    return restPort;
  }

  public ChildProcess jobManager() {
    return jobManager;
  }

  /** Those that have not ended, in the order in which they were started. */
  public List<ChildProcess> taskManagers() {
    return taskManagers.stream().filter(ChildProcess::isAlive).toList();
  }

  /** Whether every process that was ever started is there. */
  boolean isAlive() {
    return jobManager.isAlive() && taskManagers.stream().allMatch(ChildProcess::isAlive);
  }

  /** What all processes logged. */
  public String log() throws IOException {
    StringBuilder all = new StringBuilder();
    try (Stream<Path> logs = Files.list(folder)) {
      for (Path log :
          logs.filter(
                  file ->
                      file.toString().endsWith("manager.log")
                          || file.getFileName().toString().startsWith("taskmanager-"))
              .sorted()
              .toList()) {
        all.append(Files.readString(log));
      }
    }
    return all.toString();
  }

  /** Flink and all that it needs, with TensorFlow. */
  private static String jars() {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(entry -> NOT_ON_A_CLUSTER.stream().noneMatch(entry::contains))
        .collect(Collectors.joining(File.pathSeparator));
  }

  @Override
  public void close() throws InterruptedException {
    for (ChildProcess taskManager : taskManagers) {
      taskManager.close();
    }
    jobManager.close();
  }
}
