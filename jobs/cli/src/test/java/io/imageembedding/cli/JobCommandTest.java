// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a job in this process needs of this machine is looked at before its model is loaded. */
class JobCommandTest {
  @TempDir Path folder;

  private final StringWriter err = new StringWriter();

  private int job(Map<String, String> options) {
    List<String> arguments = new ArrayList<>(List.of("job"));
    for (String option :
        List.of(
            "bootstrap-servers=127.0.0.1:1",
            "input.topic=a",
            "output.topic=b",
            "dead-letter.topic=c")) {
      arguments.addAll(List.of("-D", "image-embedding.kafka." + option));
    }
    options.forEach((key, value) -> arguments.addAll(List.of("-D", key + "=" + value)));
    return Embed.newCommandLine(new PrintWriter(new StringWriter()), new PrintWriter(err, true))
        .execute(arguments.toArray(String[]::new));
  }

  @Test
  void aPortThatIsTakenIsNamed() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      int port = taken.getLocalPort();

      assertThat(
              job(
                  Map.of(
                      "rest.port",
                      String.valueOf(port),
                      "execution.checkpointing.dir",
                      folder.toString())))
          .isEqualTo(1);

      assertThat(err.toString())
          .startsWith("embed: rest.port: 127.0.0.1:" + port + " cannot be listened to: ");
    }
  }

  @Test
  void aFolderForCheckpointsThatCannotBeIsNamed() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "x");

    assertThat(job(Map.of("execution.checkpointing.dir", file.toString()))).isEqualTo(1);

    assertThat(err.toString())
        .startsWith("embed: execution.checkpointing.dir: " + file)
        .contains(" cannot be written: " + file + " is no folder");
  }
}
