// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.contender;

import io.imageembedding.bench.engine.Engines;
import io.imageembedding.bench.worker.Arguments;
import io.imageembedding.bench.worker.Contender;
import io.imageembedding.bench.worker.Worker;
import io.imageembedding.bench.worker.WorkerProcess;
import io.imageembedding.model.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** Every contender in Java, by name: {@code Contenders NAME key=value...} is its worker. */
public final class Contenders {

  private Contenders() {}

  /** The process itself. */
  public static void main(String[] args) throws Exception {
    Arguments arguments = Arguments.of(String.join(" ", Arrays.copyOfRange(args, 1, args.length)));
    Worker.serve(() -> open(args[0], arguments));
  }

  /** Starts a contender in a JVM of its own; {@link WorkerProcess#facts} waits for it. */
  public static WorkerProcess start(
      Path folder, String name, List<String> jvmArguments, String arguments) throws IOException {
    return WorkerProcess.java(folder, Contenders.class, name, jvmArguments, arguments);
  }

  private static Contender open(String name, Arguments arguments) throws Exception {
    int slash = name.indexOf('/');
    String kind = name.substring(slash + 1);
    return switch (name.substring(0, slash)) {
      case "infer" -> new InferenceContender(kind, arguments);
      case "loop" -> new LoopContender(Precision.of(kind), arguments);
      case "memory" -> new MemoryContender(Precision.of(kind));
      case "job" -> new JobContender(job(kind, arguments), arguments.folder());
      default -> throw new IllegalArgumentException("there is no contender " + name);
    };
  }

  private static JobContender.Builder job(String kind, Arguments arguments) {
    return kind.equals(Engines.OURS) ? OurJob::build : FirstJob.with(kind, arguments);
  }
}
