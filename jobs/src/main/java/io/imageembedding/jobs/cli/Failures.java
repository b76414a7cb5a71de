// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs.cli;

import io.imageembedding.embed.InvalidOptionException;
import io.imageembedding.jobs.doctor.CheckFailure;
import io.imageembedding.jobs.replay.ReplayException;
import io.imageembedding.kafka.InputGoneException;
import io.imageembedding.kafka.KafkaSetupException;
import io.imageembedding.model.ModelException;
import io.imageembedding.training.FineTuneException;
import io.imageembedding.vectorstore.StoreException;
import java.nio.file.NoSuchFileException;
import java.util.Set;

/** Says a failure in one line. */
final class Failures {
  private static final int MAX_LENGTH = 1000;
  private static final Set<Class<?>> FOR_PEOPLE =
      Set.of(
          CheckFailure.class,
          CommandFailure.class,
          FineTuneException.class,
          InputGoneException.class,
          InvalidOptionException.class,
          KafkaSetupException.class,
          ModelException.class,
          ReplayException.class,
          StoreException.class);

  private Failures() {}

  static String describe(Throwable failure) {
    Throwable root = failure;
    for (Throwable at = failure; at != null; at = at.getCause()) {
      if (FOR_PEOPLE.contains(at.getClass())) {
        return line(at.getMessage());
      }
      root = at;
    }
    if (root instanceof NoSuchFileException) {
      return "there is no file " + root.getMessage();
    }
    return line(
        root.getMessage() == null
            ? root.getClass().getSimpleName()
            : root.getClass().getSimpleName() + ": " + root.getMessage());
  }

  private static String line(String message) {
    String line = message.replaceAll("\\s*\\R\\s*", " ");
    return line.length() <= MAX_LENGTH ? line : line.substring(0, MAX_LENGTH) + "…";
  }
}
