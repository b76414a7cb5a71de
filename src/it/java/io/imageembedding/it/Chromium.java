// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * A real Chromium without a window, driven by its DevTools protocol: what a person does arrives as
 * it would from mouse and keyboard.
 */
public final class Chromium implements AutoCloseable {
  private static final String VARIABLE = "IMAGE_EMBEDDING_CHROMIUM";
  private static final List<String> NAMES =
      List.of("chromium", "chromium-browser", "google-chrome", "google-chrome-stable");
  private static final String LISTENING = "DevTools listening on ";
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int SECONDS = 30;
  private static final Map<String, Integer> KEYS =
      Map.of(
          "Enter",
          13,
          "Tab",
          9,
          "Escape",
          27,
          "ArrowRight",
          39,
          "ArrowDown",
          40,
          "End",
          35,
          "Home",
          36);

  private final Process process;
  private final WebSocket socket;
  private final AtomicInteger calls = new AtomicInteger();
  private final Map<Integer, CompletableFuture<JsonNode>> answers = new ConcurrentHashMap<>();
  private final List<String> problems = new CopyOnWriteArrayList<>();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private String target;
  private String session;

  private Chromium(Process process, URI devTools) {
    this.process = process;
    this.socket =
        HttpClient.newHttpClient()
            .newWebSocketBuilder()
            .buildAsync(devTools, new Listener())
            .orTimeout(SECONDS, TimeUnit.SECONDS)
            .join();
  }

  /** Starts it; the calling test is skipped where there is none. */
  public static Chromium start(Path profile) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(find());
    command.addAll(
        List.of(
            "--headless",
            "--remote-debugging-port=0",
            "--user-data-dir=" + profile,
            "--no-first-run",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--hide-scrollbars",
            "--lang=en-GB"));
    if (System.getProperty("user.name").equals("root")) {
      // Its sandbox does not work for root.
      command.add("--no-sandbox");
    }
    command.add("about:blank");
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("TMPDIR", profile.getParent().toString());
    Process process = builder.start();
    BufferedReader out = process.inputReader();
    for (String line = out.readLine(); line != null; line = out.readLine()) {
      if (line.startsWith(LISTENING)) {
        Thread drain = new Thread(() -> drain(out), "chromium output");
        drain.setDaemon(true);
        drain.start();
        return new Chromium(process, URI.create(line.substring(LISTENING.length())));
      }
    }
    throw new IOException("Chromium ended before it listened");
  }

  private static void drain(BufferedReader out) {
    try {
      out.transferTo(Writer.nullWriter());
    } catch (IOException e) {
      // It has ended.
    }
  }

  private static String find() {
    String named = System.getenv(VARIABLE);
    if (named != null) {
      return named;
    }
    String found =
        Stream.of(System.getenv("PATH").split(File.pathSeparator))
            .flatMap(folder -> NAMES.stream().map(name -> Path.of(folder, name)))
            .filter(Files::isExecutable)
            .map(Path::toString)
            .findFirst()
            .orElse(null);
    if (found == null && Boolean.parseBoolean(System.getenv("IMAGE_EMBEDDING_REQUIRE_TEST_DATA"))) {
      throw new AssertionError("Chromium is required but missing");
    }
    assumeTrue(found != null, "skipped: no Chromium on the PATH or in " + VARIABLE);
    return found;
  }

  private final class Listener implements WebSocket.Listener {
    private final StringBuilder message = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
      message.append(data);
      if (last) {
        try {
          received(JSON.readTree(message.toString()));
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
        message.setLength(0);
      }
      from.request(1);
      return null;
    }
  }

  private void received(JsonNode message) {
    if (message.has("id")) {
      answers.remove(message.get("id").asInt()).complete(message);
      return;
    }
    JsonNode params = message.get("params");
    switch (message.get("method").asText()) {
      case "Runtime.exceptionThrown" -> problems.add(params.get("exceptionDetails").toString());
      case "Log.entryAdded" -> problems.add(params.get("entry").toString());
      case "Network.requestWillBeSent" -> requests.add(params.get("request").get("url").asText());
      default -> {
        // Other news are of no interest.
      }
    }
  }

  private JsonNode call(String method, Object... params) {
    Map<String, Object> named = new TreeMap<>();
    for (int i = 0; i < params.length; i += 2) {
      named.put((String) params[i], params[i + 1]);
    }
    int id = calls.incrementAndGet();
    Map<String, Object> message = new TreeMap<>(Map.of("id", id, "method", method));
    message.put("params", named);
    if (session != null) {
      message.put("sessionId", session);
    }
    CompletableFuture<JsonNode> answer = new CompletableFuture<>();
    answers.put(id, answer);
    try {
      socket.sendText(JSON.writeValueAsString(message), true).get(SECONDS, TimeUnit.SECONDS);
      JsonNode result = answer.get(SECONDS, TimeUnit.SECONDS);
      if (result.has("error")) {
        throw new AssertionError(method + ": " + result.get("error"));
      }
      return result.get("result");
    } catch (IOException | ExecutionException | TimeoutException e) {
      throw new AssertionError(method, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(method, e);
    }
  }

  /** Opens a page in a new tab, which everything else then means. */
  public void open(String address, int width, int height) {
    leave();
    problems.clear();
    requests.clear();
    target = call("Target.createTarget", "url", "about:blank").get("targetId").asText();
    session =
        call("Target.attachToTarget", "targetId", target, "flatten", true)
            .get("sessionId")
            .asText();
    for (String domain : List.of("Page", "Runtime", "Log", "Network", "DOM")) {
      call(domain + ".enable");
    }
    size(width, height);
    call("Page.navigate", "url", address);
  }

  /** Closes the page. */
  void leave() {
    session = null;
    if (target != null) {
      call("Target.closeTarget", "targetId", target);
      target = null;
    }
  }

  void size(int width, int height) {
    call(
        "Emulation.setDeviceMetricsOverride",
        "width",
        width,
        "height",
        height,
        "deviceScaleFactor",
        1,
        "mobile",
        width < 500);
  }

  /** What the person prefers: light or dark. */
  void colours(String scheme) {
    call(
        "Emulation.setEmulatedMedia",
        "features",
        List.of(Map.of("name", "prefers-color-scheme", "value", scheme)));
  }

  /** The value of an expression in the page. */
  public JsonNode value(String expression) {
    JsonNode answer =
        call(
            "Runtime.evaluate",
            "expression",
            expression,
            "returnByValue",
            true,
            "awaitPromise",
            true);
    if (answer.has("exceptionDetails")) {
      throw new AssertionError(expression + ": " + answer.get("exceptionDetails"));
    }
    return answer.get("result").path("value");
  }

  String text(String selector) {
    return value("document.querySelector(%s).innerText".formatted(quoted(selector))).asText();
  }

  static String quoted(String text) {
    try {
      return JSON.writeValueAsString(text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void press(String key) {
    boolean enter = key.equals("Enter");
    for (String type : List.of("keyDown", "keyUp")) {
      call(
          "Input.dispatchKeyEvent",
          "type",
          type,
          "key",
          key,
          "code",
          key,
          "windowsVirtualKeyCode",
          KEYS.get(key),
          "text",
          enter && type.equals("keyDown") ? "\r" : "");
    }
  }

  void type(String text) {
    call("Input.insertText", "text", text);
  }

  /** Clicks into the middle of an element. */
  void click(String selector) {
    JsonNode place =
        value(
            """
            (() => { const element = document.querySelector(%s);
              element.scrollIntoView({block: 'center'});
              const box = element.getBoundingClientRect();
              return [box.x + box.width / 2, box.y + box.height / 2]; })()"""
                .formatted(quoted(selector)));
    for (String type : List.of("mousePressed", "mouseReleased")) {
      call(
          "Input.dispatchMouseEvent",
          "type",
          type,
          "x",
          place.get(0).asDouble(),
          "y",
          place.get(1).asDouble(),
          "button",
          "left",
          "clickCount",
          1);
    }
  }

  /** Drags a file of this machine over the page and, if wanted, lets it go. */
  void drag(Path file, boolean drop) {
    List<String> types =
        drop ? List.of("dragEnter", "dragOver", "drop") : List.of("dragEnter", "dragOver");
    for (String type : types) {
      call(
          "Input.dispatchDragEvent",
          "type",
          type,
          "x",
          200,
          "y",
          200,
          "data",
          Map.of("items", List.of(), "files", List.of(file.toString()), "dragOperationsMask", 1));
    }
  }

  /** Chooses a file as the dialog of a file input does. */
  void choose(String selector, Path file) {
    int root = call("DOM.getDocument").get("root").get("nodeId").asInt();
    int input =
        call("DOM.querySelector", "nodeId", root, "selector", selector).get("nodeId").asInt();
    call("DOM.setFileInputFiles", "nodeId", input, "files", List.of(file.toString()));
  }

  public void screenshot(Path png) throws IOException {
    Files.createDirectories(png.getParent());
    String data = call("Page.captureScreenshot", "format", "png").get("data").asText();
    Files.write(png, Base64.getDecoder().decode(data));
  }

  /** What the browser complained about since the page was opened. */
  public List<String> problems() {
    return problems;
  }

  /** Addresses that were asked for since the page was opened. */
  List<String> requests() {
    return requests;
  }

  @Override
  public void close() {
    socket.abort();
    process.descendants().forEach(ProcessHandle::destroy);
    process.destroy();
    try {
      if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
