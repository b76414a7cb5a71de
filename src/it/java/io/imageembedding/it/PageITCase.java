// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.imageembedding.cli.Embed;
import io.imageembedding.it.JavaProcess.Ended;
import java.awt.image.BufferedImage;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.awaitility.Awaitility;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The page in a real browser, over a store that other processes write. */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PageITCase {
  private static final Path SHOTS = Path.of("target", "page");
  private static final String STORE = "lucene:store";
  private static final String MARKUP = "<img src=x onerror=alert(1)>.jpg";
  private static final String GONE = "gone.jpg";
  private static final String PICTURES =
      "[...document.querySelectorAll('#newest .picture')].map(button => button.title)";
  private static final String HITS =
      "[...document.querySelectorAll('#hits .picture')].map(button => button.title)";
  private static final String NO_SIDEWAYS =
      "document.documentElement.scrollWidth <= document.documentElement.clientWidth";

  @TempDir static Path folder;
  private static Path photos;
  private static Process server;
  private static String address;
  private static Chromium browser;

  @BeforeAll
  static void start() throws Exception {
    browser = Chromium.start(folder.resolve("profile"));
    photos = Files.createDirectories(folder.resolve("photos"));
    try (Stream<Path> demo =
        Files.list(JavaProcess.project().resolve("jobs/cli/src/main/resources/demo"))) {
      long time = 1_700_000_000_000L;
      for (Path photo : demo.filter(file -> file.toString().endsWith(".jpg")).sorted().toList()) {
        Path copy = Files.copy(photo, photos.resolve(photo.getFileName()));
        Files.setLastModifiedTime(copy, FileTime.fromMillis(time += 1000));
      }
    }
    Path gone = Files.copy(photos.resolve("bricks.jpg"), photos.resolve(GONE));
    Files.setLastModifiedTime(gone, FileTime.fromMillis(1_700_000_001_500L));
    index();
    Files.delete(gone);
    ProcessBuilder serve =
        new ProcessBuilder(
                JavaProcess.command(Embed.class, List.of("serve", "--store", STORE, "--port", "0")))
            .directory(folder.toFile())
            .redirectError(ProcessBuilder.Redirect.DISCARD);
    JavaProcess.keepApart(serve, folder);
    server = serve.start();
    BufferedReader out = server.inputReader();
    address = out.readLine();
    assertThat(address).matches("http://127\\.0\\.0\\.1:\\d+/");
  }

  @AfterAll
  static void stop() throws Exception {
    if (server != null) {
      server.destroy();
      assertThat(server.waitFor(30, TimeUnit.SECONDS)).isTrue();
    }
    if (browser != null) {
      browser.close();
    }
  }

  @AfterEach
  void leave() {
    browser.leave();
  }

  @AfterEach
  void nothingWasAskedOfOthersAndNothingWentWrong() {
    assertThat(browser.problems()).allMatch(problem -> problem.contains("/thumbnail?id=" + GONE));
    assertThat(browser.requests())
        .isNotEmpty()
        .allMatch(url -> url.startsWith(address) || url.startsWith("data:"));
  }

  private static void index() throws Exception {
    Ended index =
        JavaProcess.run(
            folder,
            Map.of(),
            JavaProcess.command(Embed.class, List.of("index", "--store", STORE, "photos"))
                .toArray(String[]::new));
    assertThat(index.exitCode()).as(index.err()).isZero();
  }

  private static void open(int width, int height) {
    browser.open(address, width, height);
    await(() -> assertThat(strings(PICTURES)).contains("astronaut.jpg"));
    awaitImages();
  }

  private static void await(ThrowingRunnable assertion) {
    Awaitility.await().atMost(Duration.ofSeconds(30)).untilAsserted(assertion);
  }

  private static void awaitImages() {
    await(
        () ->
            assertThat(browser.value("[...document.images].every(image => image.complete)"))
                .hasToString("true"));
  }

  private static void awaitResults(String title) {
    await(
        () -> {
          assertThat(browser.value("document.getElementById('results').hidden").asBoolean())
              .isFalse();
          assertThat(browser.text("#results-title")).isEqualTo(title);
          assertThat(strings(HITS)).isNotEmpty();
        });
    awaitImages();
  }

  private static void awaitAll() {
    await(
        () ->
            assertThat(browser.value("document.getElementById('live').hidden").asBoolean())
                .isFalse());
  }

  private static List<String> strings(String expression) {
    List<String> strings = new ArrayList<>();
    browser.value(expression).forEach(each -> strings.add(each.asText()));
    return strings;
  }

  private static String focused() {
    return browser
        .value(
            "document.activeElement.title || document.activeElement.ariaLabel"
                + " || document.activeElement.id")
        .asText();
  }

  private static void tabTo(String wanted) {
    for (int i = 0; i < 40 && !focused().equals(wanted); i++) {
      browser.press("Tab");
    }
    assertThat(focused()).isEqualTo(wanted);
    JsonNode outline = browser.value("getComputedStyle(document.activeElement).outlineStyle");
    assertThat(outline.asText()).as("visible focus").isEqualTo("solid");
  }

  private static Path flipped(String photo) throws IOException {
    BufferedImage image = ImageIO.read(photos.resolve(photo).toFile());
    BufferedImage flipped =
        new BufferedImage(image.getWidth(), image.getHeight(), BufferedImage.TYPE_INT_RGB);
    flipped
        .createGraphics()
        .drawImage(image, image.getWidth(), 0, -image.getWidth(), image.getHeight(), null);
    Path file = folder.resolve("flipped-" + photo);
    ImageIO.write(flipped, "jpg", file.toFile());
    return file;
  }

  @Test
  void picturesAppearWhileAnotherProcessWritesThem() throws Exception {
    open(1280, 900);
    List<String> before = strings(PICTURES);
    browser.value("document.querySelector('#newest [title=\"cat.jpg\"]').focus()");
    browser.value("document.querySelector('#newest').dataset.mark = 'the same page'");
    Files.copy(photos.resolve("cat.jpg"), photos.resolve("new-cat.jpg"));
    Files.copy(photos.resolve("coffee.jpg"), photos.resolve(MARKUP));

    index();

    await(
        () ->
            assertThat(strings(PICTURES))
                .hasSize(before.size() + 2)
                .contains("new-cat.jpg", MARKUP)
                .endsWith(before.toArray(String[]::new)));
    await(() -> assertThat(browser.text("#count")).isEqualTo(before.size() + 2 + " pictures"));
    assertThat(browser.text("#rate")).endsWith(" a second");
    await(() -> assertThat(browser.text("#status")).startsWith("2 new, "));
    assertThat(focused()).isEqualTo("cat.jpg");
    assertThat(browser.text("#model")).startsWith("mobilenet_v2_1.0_224 · fp32 · 1280-d");
    assertThat(browser.value("document.querySelector('#newest').dataset.mark").asText())
        .isEqualTo("the same page");
    awaitImages();
    browser.screenshot(SHOTS.resolve("live.png"));

    List<String> shown = strings(PICTURES);
    browser.click("#pause");
    Files.copy(photos.resolve("coffee.jpg"), photos.resolve("new-coffee.jpg"));
    index();
    await(() -> assertThat(browser.text("#count")).isEqualTo(before.size() + 3 + " pictures"));
    assertThat(strings(PICTURES)).isEqualTo(shown);
    browser.click("#pause");
    await(() -> assertThat(strings(PICTURES)).contains("new-coffee.jpg"));
  }

  @Test
  void aDroppedImageFindsWhatItShows() throws Exception {
    open(1280, 900);
    Path dropped = flipped("astronaut.jpg");

    browser.drag(dropped, false);
    await(
        () ->
            assertThat(browser.value("document.getElementById('target').hidden").asBoolean())
                .isFalse());
    browser.drag(dropped, true);

    awaitResults("flipped-astronaut.jpg");
    assertThat(strings(HITS).get(0)).isEqualTo("astronaut.jpg");
    assertThat(Double.parseDouble(browser.text("#hits .score b"))).isBetween(0.8, 1.0);
    assertThat(browser.text("#query-facts"))
        .contains("jpeg 512 × 512", "mobilenet_v2_1.0_224, fp32")
        .containsPattern("[0-9a-f]{64}");
    browser.screenshot(SHOTS.resolve("dropped.png"));
  }

  @Test
  void aChosenAndAPastedImageAreSearchedForToo() throws Exception {
    open(1280, 900);
    browser.choose("#file", flipped("rocket.jpg"));
    awaitResults("flipped-rocket.jpg");
    assertThat(strings(HITS).get(0)).isEqualTo("rocket.jpg");

    browser.value(
        """
        fetch('/thumbnail?id=coffee.jpg').then(answer => answer.blob()).then(blob => {
          const data = new DataTransfer();
          data.items.add(new File([blob], 'pasted.jpg'));
          document.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data }));
        })\
        """);
    awaitResults("pasted.jpg");
    assertThat(strings(HITS).get(0)).isIn("coffee.jpg", "new-coffee.jpg", MARKUP);
  }

  @Test
  void aFileThatIsNoImageIsOneClearLine() throws Exception {
    open(1280, 900);
    browser.drag(Files.writeString(folder.resolve("words.jpg"), "no image at all"), true);

    await(
        () ->
            assertThat(browser.text("#error-text"))
                .isEqualTo(
                    "the bytes are no image, but text; they begin with \"no image at all\""));
    assertThat(strings(PICTURES)).isNotEmpty();
    // The browser itself notes that the answer was a refusal.
    assertThat(browser.problems())
        .allMatch(problem -> problem.contains("422") || problem.contains(GONE));
    browser.problems().clear();
    browser.press("Escape");
    assertThat(browser.value("document.getElementById('error').hidden").asBoolean()).isTrue();
  }

  @Test
  void aClickSearchesAndTheWayBackWorks() throws Exception {
    open(1280, 900);
    browser.click("#newest [title=\"grass.jpg\"]");
    awaitResults("grass.jpg");
    assertThat(strings(HITS)).doesNotContain("grass.jpg").contains("gravel.jpg");
    assertThat(browser.text("#query-facts")).contains("photos/grass.jpg", "2023");

    browser.click("#hits [title=\"gravel.jpg\"]");
    awaitResults("gravel.jpg");
    browser.value("history.back()");
    awaitResults("grass.jpg");
    browser.value("history.back()");
    awaitAll();
  }

  @Test
  void everythingCanBeDoneByKeyboard() throws Exception {
    open(1280, 900);
    tabTo(strings(PICTURES).get(0));
    browser.press("ArrowRight");
    browser.press("End");
    String last = strings(PICTURES).get(strings(PICTURES).size() - 1);
    assertThat(focused()).isEqualTo(last);
    browser.press("Enter");
    awaitResults(last);
    assertThat(focused()).isEqualTo("results-title");
    String first = strings(HITS).get(0);

    tabTo("Where " + first + " comes from");
    browser.press("Enter");
    assertThat(browser.value("document.getElementById('details').open").asBoolean()).isTrue();
    assertThat(browser.text("#details-facts")).contains("SHA-256", "photos/" + first, "Cosine");
    awaitImages();
    browser.screenshot(SHOTS.resolve("details.png"));
    browser.press("Escape");
    assertThat(browser.value("document.getElementById('details').open").asBoolean()).isFalse();
    assertThat(focused()).isEqualTo("Where " + first + " comes from");

    browser.press("Escape");
    awaitAll();
    assertThat(focused()).isEqualTo(last);
  }

  @Test
  void aFilterNarrowsTheSearch() throws Exception {
    open(1280, 900);
    browser.click("#newest [title=\"cat.jpg\"]");
    awaitResults("cat.jpg");
    browser.click("#filter");
    browser.type("format=png");
    browser.press("Enter");
    await(() -> assertThat(browser.text("#none")).isEqualTo("No other picture has format=png."));
    assertThat(strings(HITS)).isEmpty();
    assertThat(focused()).isEqualTo("filter");

    browser.type("; nonsense");
    browser.press("Enter");
    await(
        () ->
            assertThat(browser.text("#error-text"))
                .isEqualTo("filter 'nonsense' is not of the form key=value"));
    browser.problems().clear();
  }

  @Test
  void aPictureThatIsNowhereIsShownByItsId() throws Exception {
    open(1280, 900);

    await(() -> assertThat(browser.text("#newest [title=\"gone.jpg\"]")).isEqualTo(GONE));
  }

  @Test
  void aPhoneShowsAllOfItWithoutScrollingSideways() throws Exception {
    open(360, 740);
    for (String colours : List.of("light", "dark")) {
      browser.colours(colours);
      assertThat(browser.value(NO_SIDEWAYS).asBoolean()).isTrue();
      browser.screenshot(SHOTS.resolve("phone-live-" + colours + ".png"));
    }
    browser.click("#newest [title=\"astronaut.jpg\"]");
    awaitResults("astronaut.jpg");
    assertThat(browser.value(NO_SIDEWAYS).asBoolean()).isTrue();
    browser.screenshot(SHOTS.resolve("phone-results.png"));
    browser.click("#hits .more");
    assertThat(browser.value(NO_SIDEWAYS).asBoolean()).isTrue();
    awaitImages();
    browser.screenshot(SHOTS.resolve("phone-details.png"));
  }

  @Test
  void lightAndDarkAreTwoLooksOfOnePage() throws Exception {
    open(1280, 900);
    browser.click("#newest [title=\"astronaut.jpg\"]");
    awaitResults("astronaut.jpg");
    browser.colours("light");
    String light =
        browser.value("getComputedStyle(document.documentElement).backgroundColor").asText();
    browser.screenshot(SHOTS.resolve("results-light.png"));
    browser.colours("dark");
    String dark =
        browser.value("getComputedStyle(document.documentElement).backgroundColor").asText();
    browser.screenshot(SHOTS.resolve("results-dark.png"));

    assertThat(light).isEqualTo("rgb(248, 247, 244)");
    assertThat(dark).isEqualTo("rgb(21, 21, 19)");
  }
}
