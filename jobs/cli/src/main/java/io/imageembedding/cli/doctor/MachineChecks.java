// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.doctor;

import io.imageembedding.cli.doctor.Doctor.Step;
import io.imageembedding.kafka.SetupCheck;
import io.imageembedding.kafka.SetupCheck.Finding;
import io.imageembedding.tensorflow.TensorFlowRuntime;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.jar.JarFile;
import org.apache.flink.annotation.Internal;

/** What a job needs of this machine, whatever it does. */
@Internal
public final class MachineChecks {
  static final String NATIVES = "natives";

  private static final Duration LIMIT = Duration.ofSeconds(30);

  /** Natives are unpacked when they are loaded first, 650 MB of them. */
  private static final Duration NATIVES_LIMIT = Duration.ofMinutes(3);

  private static final int JAVA = 17;
  private static final long MANY_FILES = 16_384;
  private static final long FEW_FILES = 1_024;
  private static final long GIB = 1L << 30;

  /** TensorFlow's natives unpacked, and a model fetched. */
  private static final long CACHE_BYTES = GIB;

  private MachineChecks() {}

  /**
   * All of them.
   *
   * @param jobJar that a cluster gets; null if it is not known
   */
  public static List<Step> all(Path jobJar) {
    List<Step> steps = new ArrayList<>();
    steps.add(step("java", "run with a JDK 17", MachineChecks::java));
    steps.add(
        step(
            "cpu",
            "TensorFlow's natives need AVX of an x86-64 processor; AVX2 and AVX-512 make them"
                + " faster, AVX-512 BF16 or AMX make precision bf16 pay",
            () -> cpu(System.getProperty("os.arch"), () -> read("/proc/cpuinfo"))));
    steps.add(
        new Step(
            new SetupCheck(
                NATIVES,
                "needed: Linux with glibc, or macOS on arm64, and what was built for it, a ~/.javacpp/cache that can be written and"
                    + " programs run from, and 1 GiB of disk",
                () -> Finding.good("TensorFlow " + TensorFlowRuntime.version())),
            NATIVES_LIMIT,
            Set.of()));
    steps.add(
        step(
            "class loading",
            "build the job's jar anew (mvn package); put TensorFlow's jars into the cluster's lib/"
                + " by deploy/install-cluster-lib.sh",
            () -> classes(jobJar)));
    steps.add(
        step(
            "open files",
            "raise the limit: ulimit -n 65536, LimitNOFILE= of a service",
            () -> openFiles(() -> read("/proc/self/limits"))));
    steps.add(
        step(
            "names of files",
            "run in a UTF-8 locale, such as LC_ALL=C.UTF-8",
            () -> encoding(System.getProperty("sun.jnu.encoding"))));
    steps.add(disk("disk for natives", Path.of(System.getProperty("user.home"), ".javacpp")));
    steps.add(disk("disk for models", cache(System.getenv())));
    return steps;
  }

  private static Step step(String name, String advice, Supplier<Finding> question) {
    return new Step(new SetupCheck(name, advice, question), LIMIT, Set.of());
  }

  private static String read(String file) {
    try {
      return Files.readString(Path.of(file));
    } catch (IOException e) {
      throw new UncheckedIOException(file + " cannot be read", e);
    }
  }

  private static Finding java() {
    int version = Runtime.version().feature();
    String text =
        Runtime.version()
            + ", heap up to "
            + Runtime.getRuntime().maxMemory() / (1 << 20)
            + " MiB, "
            + Runtime.getRuntime().availableProcessors()
            + " processors";
    if (version < JAVA) {
      throw new CheckFailure(text);
    }
    return new Finding(version == JAVA, text);
  }

  /** What the processor can do, by the flags that Linux says of an x86-64. */
  static Finding cpu(String architecture, Supplier<String> cpuinfo) {
    if (!architecture.equals("amd64")) {
      return Finding.poor(architecture + ", on which speed and precision bf16 are not measured");
    }
    Set<String> flags =
        new HashSet<>(
            Arrays.asList(
                cpuinfo
                    .get()
                    .lines()
                    .filter(line -> line.startsWith("flags"))
                    .findFirst()
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .orElse("")
                    .split("\\s+")));
    List<String> has = new ArrayList<>();
    Map.of("avx2", "AVX2", "avx512f", "AVX-512", "avx512_bf16", "AVX-512 BF16", "amx_bf16", "AMX")
        .forEach((flag, name) -> has.add((flags.contains(flag) ? "" : "no ") + name));
    has.sort(null);
    String text = String.join(", ", has);
    if (!flags.contains("avx")) {
      throw new CheckFailure("no AVX; " + text);
    }
    return new Finding(flags.contains("avx2"), text);
  }

  /** A job's jar must not bring what can be loaded once in a process. */
  private static Finding classes(Path jobJar) {
    String loader = String.valueOf(TensorFlowRuntime.class.getClassLoader().getName());
    if (jobJar == null || !Files.isRegularFile(jobJar)) {
      return Finding.poor("loader " + loader + "; the job's jar, for a cluster, is not built");
    }
    try (JarFile jar = new JarFile(jobJar.toFile())) {
      for (String alone :
          List.of("org/tensorflow/", "org/bytedeco/", "com/google/protobuf/", "com/sun/jna/")) {
        if (jar.stream().anyMatch(entry -> entry.getName().startsWith(alone))) {
          throw new CheckFailure(
              jobJar + " has " + alone + ", which belongs into the cluster's lib/");
        }
      }
    } catch (IOException e) {
      throw new CheckFailure(jobJar + " cannot be read");
    }
    return Finding.good("loader " + loader + "; " + jobJar.getFileName() + " brings no natives");
  }

  /** The limit of this process, as Linux says it. */
  static Finding openFiles(Supplier<String> limits) {
    String text;
    try {
      text = limits.get();
    } catch (UncheckedIOException e) {
      return Finding.poor("not known, " + e.getMessage());
    }
    String line = text.lines().filter(l -> l.startsWith("Max open files")).findFirst().orElse("");
    String[] columns = line.substring(Math.min(line.length(), 26)).strip().split("\\s+");
    if (columns[0].equals("unlimited")) {
      return Finding.good("unlimited");
    }
    long most = columns[0].matches("\\d+") ? Long.parseLong(columns[0]) : 0;
    if (most < FEW_FILES) {
      throw new CheckFailure(most + "; needed: " + FEW_FILES + " at least");
    }
    return new Finding(most >= MANY_FILES, most + " at most");
  }

  /** Whether names that are not ASCII can be told. */
  static Finding encoding(String encoding) {
    return new Finding("UTF-8".equals(encoding), String.valueOf(encoding));
  }

  private static Path cache(Map<String, String> environment) {
    String named = environment.getOrDefault("IMAGE_EMBEDDING_CACHE", "");
    return named.isBlank()
        ? Path.of(System.getProperty("user.home"), ".cache", "image-embedding")
        : Path.of(named);
  }

  private static Step disk(String name, Path folder) {
    return step(name, "make room there", () -> room(folder, CACHE_BYTES));
  }

  /** What is free where the folder is or would be made. */
  static Finding room(Path folder, long wanted) {
    Path there = folder.toAbsolutePath();
    while (there.getParent() != null && !Files.exists(there)) {
      there = there.getParent();
    }
    if (!Files.isDirectory(there) || !Files.isWritable(there)) {
      throw new CheckFailure(there + " is no folder that can be written");
    }
    try {
      long free = Files.getFileStore(there).getUsableSpace();
      String text = "%,d MiB free at %s".formatted(free >> 20, there);
      if (free < wanted / 10) {
        throw new CheckFailure(text);
      }
      return new Finding(free >= wanted, text);
    } catch (IOException e) {
      throw new CheckFailure(there + " cannot be asked for its room");
    }
  }
}
