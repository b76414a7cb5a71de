// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.page;

import io.imageembedding.model.ModelException;
import io.imageembedding.tensorflow.Ownership;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.RetryPolicy;
import io.imageembedding.vectorstore.StoreException;
import io.imageembedding.vectorstore.VectorStore;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.flink.annotation.Internal;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpHeaders;
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
 * a time. A client that is slow, in asking or in taking the answer, holds up no other, and is cut
 * after {@link HttpFront.Limits}.
 *
 * <p>Where there is a token, nothing is answered without it: in {@code Authorization: Bearer
 * TOKEN}, or once as {@code /?token=TOKEN}, which leaves a cookie and goes on to {@code /}.
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
 * "message"}}} with status 400 (parameter), 401 (token), 403 (cross-origin), 404 (path, id or
 * image), 405, 409 (the store is empty), 413, 421 (host), 422 (an image that cannot be embedded,
 * with the stage and code that a dead letter would have), 500, or 503 (busy, or the store does not
 * answer).
 */
@Internal
public final class PageServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PageServer.class);
  private static final long CLOSING_MILLIS = 1000;

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
  private final InetSocketAddress bind;
  private final RequestGuard guard;
  private final PageToken token;
  private final HttpFront front;
  private final CountDownLatch visited = new CountDownLatch(1);
  private final Map<String, Map<String, Opening>> handlers;

  /** How a method of a path is answered, decided by the head of a request. */
  private interface Opening {
    HttpFront.Answering open() throws RequestFailure;
  }

  private PageServer(
      Api api, InetSocketAddress bind, Optional<String> token, HttpFront.Limits limits)
      throws IOException {
    this.api = api;
    this.bind = bind;
    this.guard = new RequestGuard(bind);
    this.token = new PageToken(token);
    handlers =
        Map.of(
            "/", get(request -> page.reply()),
            "/api/describe", get(api::describe),
            "/api/newest", get(this::newest),
            "/api/search", Map.of("GET", () -> api::searchById, "POST", api::searchByImage),
            "/thumbnail", get(api::thumbnail));
    this.front = new HttpFront(bind, new Site(), limits);
  }

  /**
   * Opens the store and starts to answer. Where the store has vectors already, the model is loaded
   * at once, else with the first image that is searched for.
   *
   * @param store its address
   * @param images where its images are read; closed with this server, and where it cannot start
   * @param model of images that are searched for
   * @param bind what to listen to; port 0 for any that is free
   * @param token what a visitor has to know; none where only this machine can visit
   * @throws StoreException if there is no such store, or its vectors are another model's
   * @throws ModelException if the model cannot be loaded
   * @throws IOException if the address cannot be listened to
   */
  public static PageServer start(
      String store,
      ImageSource images,
      QueryModel model,
      InetSocketAddress bind,
      Optional<String> token)
      throws IOException {
    return start(store, images, model, bind, token, HttpFront.Limits.DEFAULT);
  }

  static PageServer start(
      String store,
      ImageSource images,
      QueryModel model,
      InetSocketAddress bind,
      Optional<String> token,
      HttpFront.Limits limits)
      throws IOException {
    try (Ownership owned = new Ownership()) {
      owned.add(images);
      Api api = owned.add(new Api(images, model));
      owned.release(images);
      PageServer server = new PageServer(api, bind, token, limits);
      owned.add(server.front);
      api.take(VectorStore.open(store, OpenMode.read().retrying(PATIENCE)));
      api.prepare();
      server.front.start();
      owned.releaseAll();
      return server;
    }
  }

  /** Where the page is. */
  public URI address() {
    // As it was given: what is bound to all addresses of IPv4 calls itself by that of IPv6.
    String host = bind.getAddress().getHostAddress().replaceFirst("%.*", "");
    int port = front.address().getPort();
    return URI.create(
        "http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port + "/");
  }

  /**
   * Waits until somebody has opened the page, or so long.
   *
   * @return whether somebody has
   */
  public boolean awaitVisitor(Duration most) throws InterruptedException {
    return visited.await(most.toMillis(), TimeUnit.MILLISECONDS);
  }

  private Reply newest(Request request) throws RequestFailure {
    visited.countDown();
    return api.newest(request);
  }

  private static Map<String, Opening> get(HttpFront.Answering answering) {
    return Map.of("GET", () -> answering);
  }

  /** What is asked of this server. */
  private final class Site implements HttpFront.Application {
    @Override
    public HttpFront.Answering accept(Request head, HttpHeaders headers) throws RequestFailure {
      boolean isPage = "/".equals(head.path());
      guard.check(headers, isPage);
      if (isPage && head.method().equals("GET")) {
        Optional<Reply> entered = token.enter(head.query());
        if (entered.isPresent()) {
          return whole -> entered.get();
        }
      }
      token.check(headers);
      Map<String, Opening> methods = handlers.get(head.path());
      if (methods == null) {
        throw new RequestFailure(404, "NOT_FOUND", "there is nothing under this path");
      }
      Opening opening = methods.get(head.method());
      if (opening == null) {
        String allowed = String.join(", ", methods.keySet().stream().sorted().toList());
        throw new RequestFailure(
            405, "METHOD_NOT_ALLOWED", "allowed: " + allowed, "Allow", allowed);
      }
      return opening.open();
    }

    @Override
    public Reply failed(Throwable failure) {
      if (failure instanceof RequestFailure known) {
        return Reply.of(known);
      }
      if (failure instanceof StoreException) {
        return Reply.of(new RequestFailure(503, "STORE_FAILED", failure.getMessage()));
      }
      if (failure instanceof ModelException) {
        return Reply.of(new RequestFailure(500, "MODEL_FAILED", failure.getMessage()));
      }
      LOG.error("a request failed", failure);
      return Reply.of(new RequestFailure(500, "FAILED", "the server failed; its log says why"));
    }

    @Override
    public Map<String, String> headers(Reply reply) {
      Map<String, String> headers = new HashMap<>(HEADERS);
      headers.put("Content-Security-Policy", page.policy());
      headers.put("Content-Type", reply.type());
      headers.put(
          "Cache-Control", reply.cacheable() ? "private, max-age=86400, immutable" : "no-store");
      headers.putAll(reply.headers());
      return headers;
    }
  }

  /**
   * Lets what is being answered end, for a short time. What takes longer keeps what it uses until
   * it has ended; nobody waits for that.
   */
  @Override
  public void close() {
    front.close();
    Thread closing =
        new Thread(
            () -> {
              try {
                // What is still at work uses native memory that is about to be given free.
                if (front.workers().awaitTermination(1, TimeUnit.MINUTES)) {
                  api.close();
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            "close page");
    closing.setDaemon(true);
    closing.start();
    try {
      closing.join(CLOSING_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
