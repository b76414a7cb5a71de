// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whatever a file below {@code deploy/} names is there. */
class DeployFilesTest {
  private static final Path PROJECT = JavaProcess.project();

  @TempDir Path folder;

  @Test
  void noFileNamesWhatIsNotThere() throws Exception {
    DeployFiles files = DeployFiles.of(PROJECT.resolve("deploy"));

    assertThat(files.faults()).isEmpty();
    assertThat(files.looked())
        .allSatisfy((kind, number) -> assertThat(number).as(kind).isPositive());
  }

  /** One of each kind, in each kind of file. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "examples/job.yaml | max-count: 8 | max-cont: 8 | image-embedding.batch.max-cont",
        "examples/job.yaml | interval: 10 s | intervall: 10 s | execution.checkpointing.intervall",
        "examples/job.yaml | ScramLoginModule | ScramLoginModul | org.apache.kafka.common.security.scram.ScramLoginModul",
        "compose/job.yaml | address: postgresql | adress: postgresql | image-embedding.store.adress",
        "compose/job.yaml | topic: images | topic: pictures | topic images",
        "container/config.yaml | off-heap.size: 1400m | offheap.size: 1400m | taskmanager.memory.task.offheap.size",
        "container/config.yaml | PrometheusReporterFactory | PrometheusReporter2Factory | PrometheusReporter2Factory",
        "container/entrypoint.sh | EmbedImagesJob | EmbedImageJob | io.imageembedding.jobs.EmbedImageJob",
        "container/layout.sh | image-embedding-job.jar | image-embedding-jobs.jar | image-embedding-jobs.jar",
        "container/layout.sh | jobs/cli/src/main/resources/demo | jobs/cli/src/main/resources/photos | jobs/cli/src/main/resources/photos",
        "container/Dockerfile | deploy/container/layout.sh | deploy/container/lay.sh | deploy/container/lay.sh",
        "compose.yaml | --token-file | --token | --token",
        "compose.yaml | [publish, | [send, | send",
        "compose.yaml | ./compose/make-secrets.sh | ./compose/make-secret.sh | ./compose/make-secret.sh",
        "compose.yaml | dockerfile: deploy/container/Dockerfile | dockerfile: deploy/container/Containerfile | deploy/container/Containerfile",
        "README.md | image-embedding.crash-fence.dir | image-embedding.crash-fence.folder | image-embedding.crash-fence.folder",
        "README.md | taskmanager.memory.task.off-heap.size | taskmanager.memory.task.native.size | taskmanager.memory.task.native.size",
        "README.md | (examples/job.yaml) | (examples/jobs.yaml) | examples/jobs.yaml",
      })
  void aFaultIsFound(String file, String right, String wrong, String named) throws Exception {
    Path copy = folder.resolve("deploy");
    try (Stream<Path> all = Files.walk(PROJECT.resolve("deploy"))) {
      for (Path each : (Iterable<Path>) all::iterator) {
        Files.copy(each, copy.resolve(PROJECT.resolve("deploy").relativize(each).toString()));
      }
    }
    String text = Files.readString(copy.resolve(file));
    assertThat(text).contains(right);
    Files.writeString(copy.resolve(file), text.replace(right, wrong));

    assertThat(DeployFiles.of(copy).faults())
        .isNotEmpty()
        .allSatisfy(
            fault -> assertThat(fault).contains(file.replaceFirst("compose/job.yaml", "compose")))
        .anySatisfy(fault -> assertThat(fault).contains(named));
  }
}
