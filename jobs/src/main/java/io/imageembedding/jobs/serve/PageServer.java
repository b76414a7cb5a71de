// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs.serve;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelSource;
import io.imageembedding.tensorflow.Ownership;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.RetryPolicy;
import io.imageembedding.vectorstore.StoreException;
import io.imageembedding.vectorstore.VectorStore;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A page for the browser: pictures as they arrive in a store that others write, and the nearest of
 * one, by id or by an image that is dropped on it. It reads the store and never writes.
 *
 * <p>Only the page of this server is answered: requests that name another host or come from pages
 * of other sites are refused. An image of the store is shown as a thumbnail made of its decoded
 * pixels, never as the file it is, and is read by {@link ImageSource} only. Images that are
 * searched for are held to the limits of every image, and to 32 MiB; no more than four are taken at
 * a time.
 *
 * <table>
 *   <caption>What can be asked, all of it JSON except thumbnails</caption>
 *   <tr><th>request</th><th>answer</th></tr>
 *   <tr><td>{@code GET /api/describe}</td><td>{@code {"store", "count", "dimension", "metric",
 *       "space": {"id", "model", "sha256", "precision", "preprocessing"}, "details",
 *       "maxUploadBytes"}}, without what an empty store does not know yet</td></tr>
 *   <tr><td>{@code GET /api/newest?n=60}</td><td>{@code {"count", "pictures": [PICTURE]}}, newest
 *       first; n to 120</td></tr>
 *   <tr><td>{@code GET /api/search?id=ID&k=24&filter=KEY=VALUE}</td><td>{@code {"query":
 *       {"picture": PICTURE}, "k", "filter", "hits": [PICTURE]}}, nearest first, without the
 *       picture itself; k to 100, filters as often as wanted</td></tr>
 *   <tr><td>{@code POST /api/search?k=24&filter=KEY=VALUE} with the image file as
 *       body</td><td>the same, with {@code "query": {"image": {"format", "width", "height",
 *       "thumbnail"}}}</td></tr>
 *   <tr><td>{@code GET /thumbnail?id=ID}</td><td>a JPEG with sides up to 400 pixels</td></tr>
 * </table>
 *
 * <p>PICTURE is {@code {"id", "cosine", "thumbnail", "format", "width", "height", "time",
 * "capturedAt", "uri", "source": {"topic", "partition", "offset"}, "attributes"}} without what is
 * not known; times are ISO 8601 in UTC. A failure is {@code {"error": {"stage", "code",
 * "message"}}} with status 400 (parameter), 403 (cross-origin), 404 (path, id or image), 405, 409
 * (the store is empty), 413, 421 (host), 422 (an image that cannot be embedded, with the stage and
 * code that a dead letter would have), 500, or 503 (busy, or the store does not answer).
 */
public final class PageServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PageServer.class);
  private static final int THREADS = 16;
  private static final int GRACE_SECONDS = 1;

  /** A page that waits for a store asks again by itself. */
  private static final RetryPolicy PATIENCE =
      new RetryPolicy(Duration.ofMillis(100), Duration.ofSeconds(1), Duration.ofSeconds(5));

  private static final Map<String, String> HEADERS =
      Map.of(
          "X-Content-Type-Options", "nosniff",
          "Referrer-Policy", "no-referrer",
          "X-Frame-Options", "DENY",
          "Cross-Origin-Resource-Policy", "same-origin",
          "Cross-Origin-Opener-Policy", "same-origin");

  private final Page page = new Page();
  private final Api api;
  private final RequestGuard guard;
  private final HttpServer server;
  private final ExecutorService threads =
      Executors.newFixedThreadPool(
          THREADS,
          work -> {
            Thread thread = new Thread(work, "page");
            thread.setDaemon(true);
            return thread;
          });
  private final CountDownLatch visited = new CountDownLatch(1);
  private final Map<String, Map<String, Handler>> handlers;

  /** Answers a request that the guard let pass. */
  private interface Handler {
    Reply answer(HttpExchange exchange) throws RequestFailure, IOException;
  }

  private PageServer(Api api, RequestGuard guard, HttpServer server) {
    this.api = api;
    this.guard = guard;
    this.server = server;
    handlers =
        Map.of(
            "/", Map.of("GET", exchange -> page.reply()),
            "/api/describe", Map.of("GET", api::describe),
            "/api/newest", Map.of("GET", this::newest),
            "/api/search", Map.of("GET", api::searchById, "POST", api::searchByImage),
            "/thumbnail", Map.of("GET", api::thumbnail));
  }

  /**
   * Opens the store and starts to answer. Where the store has vectors already, the model is loaded
   * at once, else with the first image that is searched for.
   *
   * @param store its address
   * @param images where its images are read; closed with this server, and where it cannot start
   * @param model of images that are searched for
   * @param bind what to listen to; port 0 for any that is free
   * @throws StoreException if there is no such store, or its vectors are another model's
   * @throws ModelException if the model cannot be loaded
   * @throws IOException if the address cannot be listened to
   */
  public static PageServer start(
      String store, ImageSource images, ModelSource model, InetSocketAddress bind)
      throws IOException {
    // Read by the server's class when it is loaded: a request or answer that takes longer is cut.
    System.setProperty(
        "sun.net.httpserver.maxReqTime", System.getProperty("sun.net.httpserver.maxReqTime", "60"));
    System.setProperty(
        "sun.net.httpserver.maxRspTime", System.getProperty("sun.net.httpserver.maxRspTime", "60"));
    try (Ownership owned = new Ownership()) {
      owned.add(images);
      HttpServer server = HttpServer.create(bind, 0);
      owned.add(() -> stopUnstarted(server));
      VectorStore opened = owned.add(VectorStore.open(store, OpenMode.read().retrying(PATIENCE)));
      Api api = owned.add(new Api(opened, images, model));
      owned.release(opened);
      owned.release(images);
      api.prepare();
      PageServer started = new PageServer(api, new RequestGuard(bind), server);
      owned.add(started.threads::shutdown);
      server.createContext("/", started::handle);
      server.setExecutor(started.threads);
      server.start();
      owned.releaseAll();
      return started;
    }
  }

  /** Its socket is only let go of by the thread that {@code start} makes. */
  private static void stopUnstarted(HttpServer server) {
    server.start();
    server.stop(0);
  }

  /** Where the page is. */
  public URI address() {
    InetSocketAddress bound = server.getAddress();
    String host = bound.getAddress().getHostAddress().replaceFirst("%.*", "");
    return URI.create(
        "http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + bound.getPort() + "/");
  }

  /**
   * Waits until somebody has opened the page, or so long.
   *
   * @return whether somebody has
   */
  public boolean awaitVisitor(Duration most) throws InterruptedException {
    return visited.await(most.toMillis(), TimeUnit.MILLISECONDS);
  }

  private Reply newest(HttpExchange exchange) throws RequestFailure {
    visited.countDown();
    return api.newest(exchange);
  }

  private void handle(HttpExchange exchange) throws IOException {
    try {
      send(exchange, answer(exchange));
    } finally {
      exchange.close();
    }
  }

  private Reply answer(HttpExchange exchange) throws IOException {
    try {
      String path = exchange.getRequestURI().getRawPath();
      guard.check(exchange.getRequestHeaders(), "/".equals(path));
      Map<String, Handler> methods = handlers.get(path);
      if (methods == null) {
        throw new RequestFailure(404, "NOT_FOUND", "there is nothing under this path");
      }
      Handler handler = methods.get(exchange.getRequestMethod());
      if (handler == null) {
        String allowed = String.join(", ", methods.keySet().stream().sorted().toList());
        exchange.getResponseHeaders().set("Allow", allowed);
        throw new RequestFailure(405, "METHOD_NOT_ALLOWED", "allowed: " + allowed);
      }
      return handler.answer(exchange);
    } catch (RequestFailure e) {
      return Reply.of(e);
    } catch (StoreException e) {
      return Reply.of(new RequestFailure(503, "STORE_FAILED", e.getMessage()));
    } catch (ModelException e) {
      return Reply.of(new RequestFailure(500, "MODEL_FAILED", e.getMessage()));
    } catch (RuntimeException e) {
      LOG.error("a request failed", e);
      return Reply.of(new RequestFailure(500, "FAILED", "the server failed; its log says why"));
    }
  }

  private void send(HttpExchange exchange, Reply reply) throws IOException {
    Headers headers = exchange.getResponseHeaders();
    HEADERS.forEach(headers::set);
    headers.set("Content-Security-Policy", page.policy());
    headers.set("Content-Type", reply.type());
    headers.set(
        "Cache-Control", reply.cacheable() ? "private, max-age=86400, immutable" : "no-store");
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.sendResponseHeaders(reply.status(), -1);
      return;
    }
    exchange.sendResponseHeaders(reply.status(), reply.body().length);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(reply.body());
    }
  }

  /** Lets what is being answered end, for a short time. */
  @Override
  public void close() {
    server.stop(GRACE_SECONDS);
    threads.shutdown();
    try {
      // What is still at work uses native memory that is about to be given free.
      threads.awaitTermination(1, TimeUnit.MINUTES);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    api.close();
  }
}
