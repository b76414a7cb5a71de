// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.model.Precision;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The process of a contender: {@code Worker NAME key=value...}. It says {@code ready} with what is
 * known at once, then answers every line {@code run key=value...} with a line of JSON, until {@code
 * quit}.
 */
public final class Worker {
  static final String READY = "ready ";
  static final String RUN = "run ";
  static final String QUIT = "quit";

  private Worker() {}

  /** The process itself. */
  public static void main(String[] args) throws Exception {
    PrintStream answers = System.out;
    System.setOut(System.err);
    ObjectMapper json = new ObjectMapper();
    Arguments arguments = Arguments.of(String.join(" ", Arrays.copyOfRange(args, 1, args.length)));
    try (Contender contender = contender(args[0], arguments);
        BufferedReader questions =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      answers.println(READY + json.writeValueAsString(contender.facts()));
      for (String line = questions.readLine();
          line != null && !line.equals(QUIT);
          line = questions.readLine()) {
        answers.println(json.writeValueAsString(contender.run(Arguments.of(line))));
      }
    }
    System.exit(0);
  }

  private static Contender contender(String name, Arguments arguments) throws Exception {
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
