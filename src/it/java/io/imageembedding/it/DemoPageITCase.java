// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.cli.Embed;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a newcomer sees first: the demonstration with its page. */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DemoPageITCase {
  private static final int IMAGES = 44;
  private static final String COUNT = "document.querySelectorAll('#newest .picture').length";

  @TempDir Path folder;

  @Test
  void picturesArriveFromTheRunningJobAndAreFoundAgain() throws Exception {
    try (Chromium browser = Chromium.start(folder.resolve("profile"))) {
      ProcessBuilder command =
          new ProcessBuilder(
                  JavaProcess.command(
                      List.of("-Djava.io.tmpdir=" + Files.createDirectory(folder.resolve("tmp"))),
                      Embed.class,
                      List.of("demo", "--serve", "--port", "0")))
              .directory(folder.toFile())
              .redirectOutput(folder.resolve("out.txt").toFile());
      Process demo = command.start();
      try (BufferedReader err = demo.errorReader()) {
        String address = address(err);
        browser.open(address, 1280, 900);
        await(() -> assertThat(browser.text("#empty")).startsWith("No pictures yet"));

        // Not all at once: some are on the page while others are still to come.
        await(() -> assertThat(browser.value(COUNT).asInt()).isBetween(1, IMAGES - 1));
        await(() -> assertThat(browser.value(COUNT).asInt()).isEqualTo(IMAGES));
        assertThat(browser.text("#count")).isEqualTo(IMAGES + " pictures");
        browser.click("#newest [title=\"astronaut.jpg\"]");
        await(
            () ->
                assertThat(browser.text("#hits .caption"))
                    .contains("0.9463", "astronaut.dark.jpg", "images "));
        assertThat(browser.text("#query-facts"))
            .containsPattern("images, partition [01], offset \\d+");
        await(
            () ->
                assertThat(
                        browser
                            .value(
                                "[...document.images].every(image => image.complete"
                                    + " && image.naturalWidth > 0)")
                            .asBoolean())
                    .isTrue());
        browser.screenshot(Path.of("target", "page", "demo.png"));
        assertThat(browser.problems()).isEmpty();

        await(
            () ->
                assertThat(Files.readAllLines(folder.resolve("out.txt")))
                    .endsWith("44 of 44: the nearest other image is a version of the same photo"));
        demo.destroy();
        assertThat(demo.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(demo.exitValue()).isEqualTo(143);
        try (Stream<Path> left = Files.list(folder.resolve("tmp"))) {
          assertThat(left.map(file -> file.getFileName().toString()))
              .noneMatch(name -> name.startsWith("embedded-kafka-"));
        }
      } finally {
        demo.destroyForcibly();
      }
    }
  }

  private static String address(BufferedReader err) throws IOException {
    for (String line = err.readLine(); line != null; line = err.readLine()) {
      if (line.startsWith("the page is ")) {
        return line.split(" ", -1)[3];
      }
    }
    throw new AssertionError("the demonstration ended without a page");
  }

  private static void await(ThrowingRunnable assertion) {
    Awaitility.await().atMost(Duration.ofSeconds(60)).untilAsserted(assertion);
  }
}
