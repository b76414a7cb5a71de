// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.job;

import io.imageembedding.cli.output.CommandFailure;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.flink.annotation.Internal;

/** The jar that a cluster gets: the job without Flink, TensorFlow and broker. */
@Internal
public final class JobJar {
  /** Set by the launcher. */
  public static final String PROPERTY = "image-embedding.job-jar";

  private JobJar() {}

  public static Path path() {
    String path = System.getProperty(PROPERTY);
    if (path == null || !Files.isRegularFile(Path.of(path))) {
      throw new CommandFailure(
          "the job's jar is needed to submit it to a cluster; build it with: mvn package");
    }
    return Path.of(path).toAbsolutePath();
  }
}
