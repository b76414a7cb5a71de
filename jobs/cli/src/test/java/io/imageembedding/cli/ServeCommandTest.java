// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who may be shown the page. */
class ServeCommandTest {
  @TempDir Path folder;

  private final StringWriter err = new StringWriter();

  @BeforeEach
  void makeStore() throws Exception {
    Files.createDirectory(folder.resolve("store"));
  }

  private int serve(String... more) {
    String[] arguments = new String[more.length + 5];
    arguments[0] = "serve";
    arguments[1] = "--store";
    arguments[2] = "lucene:" + folder.resolve("store");
    arguments[3] = "--port";
    arguments[4] = "0";
    System.arraycopy(more, 0, arguments, 5, more.length);
    return Embed.newCommandLine(new PrintWriter(new StringWriter()), new PrintWriter(err, true))
        .execute(arguments);
  }

  @Test
  void beyondThisMachineATokenIsNeeded() {
    assertThat(serve("--bind", "0.0.0.0")).isEqualTo(2);
    assertThat(err.toString().lines())
        .containsExactly(
            "embed: --bind: 0.0.0.0 shows the pictures to everybody who can reach this machine;"
                + " needed: --token-file FILE or --token-env NAME",
            "embed serve --help says more");
  }

  @Test
  void aTokenThatIsNoneIsRefusedWithoutRepeatingIt() throws Exception {
    Path brief = Files.writeString(folder.resolve("brief"), "geheim\n");
    assertThat(serve("--bind", "0.0.0.0", "--token-file", brief.toString())).isEqualTo(1);
    Path odd = Files.writeString(folder.resolve("odd"), "geheim geheim geheim");
    assertThat(serve("--token-file", odd.toString())).isEqualTo(1);
    assertThat(serve("--token-file", folder.resolve("nowhere").toString())).isEqualTo(1);
    assertThat(serve("--token-env", "NO_SUCH_VARIABLE_1")).isEqualTo(1);
    assertThat(serve("--token-env", "PATH", "--token-file", odd.toString())).isEqualTo(2);

    assertThat(err.toString())
        .contains(
            "--token-file: " + brief + " holds no token; allowed: from 16 letters, digits, - and _",
            "nowhere cannot be read",
            "--token-env: NO_SUCH_VARIABLE_1 holds no token",
            "exclude each other")
        .doesNotContain("geheim");
  }
}
