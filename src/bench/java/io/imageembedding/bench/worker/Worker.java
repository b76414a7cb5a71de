// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.worker;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;

/**
 * The process of a contender. It says {@code ready} with what is known at once, then answers every
 * line {@code run key=value...} with a line of JSON, until {@code quit}.
 */
public final class Worker {
  static final String READY = "ready ";
  static final String RUN = "run ";
  static final String QUIT = "quit";

  private Worker() {}

  /** Opens the contender, answers, and ends the process. */
  public static void serve(Callable<? extends Contender> opening) throws Exception {
    PrintStream answers = System.out;
    System.setOut(System.err);
    ObjectMapper json = new ObjectMapper();
    try (Contender contender = opening.call();
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
}
