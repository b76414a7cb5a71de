// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.section;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.imageembedding.bench.worker.Python;
import io.imageembedding.bench.worker.WorkerProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is asked of a rival in Python before it is measured. */
class PrecisionsTest {
  @TempDir private Path folder;

  @Test
  void aRivalThatKeepsItsCosineToItselfIsNamed() throws Exception {
    try (WorkerProcess rival = rivalThatSays("{\"difference\": 0.0}")) {
      assertThatThrownBy(() -> Precisions.check(rival, "the rival", false))
          .isInstanceOf(IOException.class)
          .hasMessageStartingWith("some-rival says nothing of its cosine; see ");
    }
  }

  @Test
  void aRivalOfOtherVectorsIsRefused() throws Exception {
    try (WorkerProcess rival = rivalThatSays("{\"difference\": 0.5, \"cosine\": 0.9}")) {
      assertThatThrownBy(() -> Precisions.check(rival, "the rival", true))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageStartingWith("the rival gives other vectors");
    }
  }

  @Test
  void aRivalOfTheSameVectorsIsMeasured() throws Exception {
    try (WorkerProcess rival = rivalThatSays("{\"difference\": 1e-5, \"cosine\": 0.99999}")) {
      assertThatCode(() -> Precisions.check(rival, "the rival", false)).doesNotThrowAnyException();
    }
  }

  private WorkerProcess rivalThatSays(String facts) throws Exception {
    assumeTrue(Python.present());
    Path script =
        Files.writeString(
            folder.resolve("rival.py"),
            "print('ready %s', flush=True)\ninput()\n".formatted(facts));
    return WorkerProcess.python(folder, "some-rival", script, List.of());
  }
}
