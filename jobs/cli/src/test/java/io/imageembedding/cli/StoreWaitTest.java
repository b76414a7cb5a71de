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
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Stores that are not there. */
@Timeout(value = 40, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StoreWaitTest {
  @TempDir Path folder;

  private final StringWriter err = new StringWriter();

  private int embed(String... arguments) {
    return Embed.newCommandLine(new PrintWriter(new StringWriter()), new PrintWriter(err, true))
        .execute(arguments);
  }

  private static String address(int port) {
    return "postgresql://127.0.0.1:" + port + "/d?table=t&user=u";
  }

  /** A port at which nothing listens. */
  private static int closed() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  @Test
  void aServerThatSaysNothingIsGivenUpInOneLine() throws IOException {
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      String address = address(silent.getLocalPort());

      assertThat(embed("store", "describe", address, "--wait", "500 ms")).isEqualTo(1);

      assertThat(err.toString().lines())
          .singleElement()
          .asString()
          .startsWith("embed: " + address.replace("&user=u", ""))
          .endsWith("(waited for 500 ms; --wait says how long)");
    }
  }

  @Test
  void byDefaultOneThatIsAwayIsNotWaitedForLongAndItsFailureIsSaid() throws IOException {
    String address = address(closed());

    assertThat(embed("store", "describe", address)).isEqualTo(1);

    assertThat(err.toString().lines())
        .singleElement()
        .asString()
        .startsWith("embed: " + address.replace("&user=u", ""))
        .containsIgnoringCase("refused")
        .endsWith("(waited for 6 s; --wait says how long)");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "search --store S --image FILE --model /nowhere",
        "index FILE --store S --model /nowhere",
        "serve --store S --port 0 --model /nowhere",
        "demo --store S --model /nowhere",
        "store verify S",
        "store copy S lucene:x",
        "job -D image-embedding.store.address=S -D image-embedding.kafka.bootstrap-servers=127.0.0.1:1"
            + " -D image-embedding.kafka.input.topic=a -D image-embedding.kafka.dead-letter.topic=c",
      })
  void everyCommandWithAStoreAsksItBeforeAnythingThatTakesLong(String typed) throws IOException {
    String address = address(closed());
    Path file = Files.writeString(folder.resolve("x.png"), "no image");
    List<String> arguments =
        List.of(
            (typed.replace(" S", " " + address).replace("=S", "=" + address) + " --wait 200ms")
                .replace("FILE", file.toString())
                .split(" "));

    assertThat(embed(arguments.toArray(String[]::new))).isEqualTo(1);

    assertThat(err.toString().lines())
        .singleElement()
        .asString()
        .startsWith("embed: " + address.replace("&user=u", ""))
        .endsWith("(waited for 200 ms; --wait says how long)");
  }
}
