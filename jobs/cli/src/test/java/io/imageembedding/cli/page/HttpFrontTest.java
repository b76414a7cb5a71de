// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.page;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpHeaders;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that are slow, many, or wrong hold up nobody else. */
@Timeout(value = 2, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HttpFrontTest {
  private static final HttpFront.Limits PATIENT = new HttpFront.Limits(600, 600, 600, 600, 64);
  private static final String GET = "GET / HTTP/1.1\r\nHost: localhost\r\n";
  private static final int UPLOAD = 1000;

  private final List<Socket> sockets = new ArrayList<>();
  private final CountDownLatch held = new CountDownLatch(1);
  private final AtomicInteger begun = new AtomicInteger();
  private final AtomicInteger ended = new AtomicInteger();
  private HttpFront front;

  /** Answers a path with its own name; some are large, wait, fail, or take an upload. */
  private final class TestingApplication implements HttpFront.Application {
    @Override
    public HttpFront.Answering accept(Request head, HttpHeaders headers) {
      begun.incrementAndGet();
      return new HttpFront.Answering() {
        @Override
        public int mostBytes() {
          return head.method().equals("POST") ? UPLOAD : 0;
        }

        @Override
        public Reply answer(Request whole) throws IOException {
          return switch (whole.path()) {
            case "/large" -> new Reply(200, "x", new byte[64 << 20], false);
            case "/held" -> waited();
            case "/failing" -> throw new IOException("failed");
            default ->
                new Reply(200, "x", (whole.path() + whole.body().length).getBytes(UTF_8), false);
          };
        }

        @Override
        public void close() {
          ended.incrementAndGet();
        }
      };
    }

    private Reply waited() throws IOException {
      try {
        held.await();
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
      return new Reply(200, "x", new byte[0], false);
    }

    @Override
    public Reply failed(Throwable failure) {
      return failure instanceof RequestFailure known
          ? Reply.of(known)
          : Reply.of(new RequestFailure(500, "FAILED", "failed"));
    }

    @Override
    public Map<String, String> headers(Reply reply) {
      return reply.headers();
    }
  }

  private void start(HttpFront.Limits limits) throws IOException {
    front = new HttpFront(new InetSocketAddress("127.0.0.1", 0), new TestingApplication(), limits);
    front.start();
  }

  @AfterEach
  void stop() throws IOException {
    held.countDown();
    for (Socket socket : sockets) {
      socket.close();
    }
    front.close();
  }

  private Socket send(String text) throws IOException {
    Socket socket = new Socket("127.0.0.1", front.address().getPort());
    sockets.add(socket);
    socket.getOutputStream().write(text.getBytes(ISO_8859_1));
    socket.getOutputStream().flush();
    return socket;
  }

  private static String answer(Socket socket) throws IOException {
    try {
      return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
    } catch (SocketException e) {
      // Closed while the client was still sending.
      return "";
    }
  }

  private String ask(String path) throws IOException {
    return answer(
        send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "GET / HT",
        GET,
        "GET / HTTP/1.1\r\nHost: localhost\r\nX: ",
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n1234",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n123",
        "GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n",
      })
  void aRequestThatNeverEndsAndAnAnswerThatNobodyTakesHoldUpNoOther(String begun)
      throws IOException {
    start(PATIENT);
    for (int i = 0; i < 40; i++) {
      send(begun);
    }
    assertThat(ask("/quick")).startsWith("HTTP/1.1 200").endsWith("/quick0");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        GET,
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n1234",
      })
  void whoIsTooSlowIsCut(String begun) throws IOException {
    start(new HttpFront.Limits(1, 1, 600, 1, 64));
    assertThat(answer(send(begun))).isEmpty();
  }

  @Test
  void whoDripsABodyIsCutToo() throws Exception {
    start(new HttpFront.Limits(600, 600, 1, 600, 64));
    Socket dripping = send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\n1");
    assertThat(answer(dripping)).isEmpty();
    Awaitility.await().until(() -> ended.get() == begun.get());
  }

  @Test
  void whoTakesNoAnswerIsCutToo() throws IOException {
    start(new HttpFront.Limits(600, 600, 600, 1, 64));
    Socket idle = send("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
    InputStream in = idle.getInputStream();
    assertThat(in.read()).isEqualTo('H');
    Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> front.connections() == 0);
  }

  @Test
  void ofTooManyTheOneThatHasWaitedLongestMakesRoom() throws IOException {
    start(PATIENT);
    List<Socket> waiting = new ArrayList<>();
    for (int i = 0; i < PATIENT.connections(); i++) {
      waiting.add(send("GET / HT"));
    }
    assertThat(ask("/quick")).endsWith("/quick0");
    assertThat(answer(waiting.get(0))).isEmpty();
    assertThat(front.connections()).isLessThanOrEqualTo(PATIENT.connections());
  }

  @Test
  void oneConnectionAsksAgainAndAgain() throws IOException {
    start(PATIENT);
    Socket socket = send("GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n");
    InputStream in = socket.getInputStream();
    StringBuilder first = new StringBuilder();
    while (first.indexOf("/a0") < 0) {
      first.append((char) in.read());
    }
    socket
        .getOutputStream()
        .write("GET /b HTTP/1.1\r\nConnection: close\r\n\r\n".getBytes(ISO_8859_1));
    assertThat(answer(socket)).endsWith("/b0");
    Awaitility.await().until(() -> ended.get() == 2);
  }

  @Test
  void aBodyIsTakenAsAWholeAndOneThatIsTooLargeIsRefused() throws IOException {
    start(PATIENT);
    String post = "POST /up HTTP/1.1\r\nConnection: close\r\nContent-Length: ";

    assertThat(answer(send(post + "3\r\n\r\nabc"))).endsWith("/up3");
    assertThat(answer(send(post + "1001\r\n\r\n" + "x".repeat(1001)))).startsWith("HTTP/1.1 413");
    assertThat(
            answer(
                send(
                    "POST /up HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n"
                        + "x".repeat(1001)
                        + "\r\n0\r\n\r\n")))
        .startsWith("HTTP/1.1 413");
    assertThat(answer(send(GET + "Connection: close\r\nContent-Length: 3\r\n\r\nabc")))
        .startsWith("HTTP/1.1 413");
    Awaitility.await().until(() -> ended.get() == begun.get());
  }

  @ParameterizedTest
  @ValueSource(strings = {"abc\r\n\r\n", "GET\r\n\r\n", "GET / FTP/1.1\r\n\r\n"})
  void whatIsNoRequestIsAnsweredByOneLine(String text) throws IOException {
    start(PATIENT);
    assertThat(answer(send(text))).startsWith("HTTP/1.1 400").contains("INVALID_REQUEST");
  }

  @Test
  void headersAreBounded() throws IOException {
    start(PATIENT);
    assertThat(answer(send(GET + "X: " + "x".repeat(20_000) + "\r\n\r\n"))).doesNotContain("200");
    assertThat(answer(send("GET /" + "x".repeat(20_000) + " HTTP/1.1\r\n\r\n")))
        .doesNotContain("200");
    assertThat(ask("/quick")).endsWith("/quick0");
  }

  @Test
  void whatFailsIsAnswered() throws IOException {
    start(PATIENT);
    assertThat(ask("/failing")).startsWith("HTTP/1.1 500");
  }

  @Test
  void itEndsThoughConnectionsAreOpenAndAnswersAreNotReady() throws IOException {
    start(PATIENT);
    List<Socket> open = new ArrayList<>();
    for (String text :
        List.of("", GET, "GET /held HTTP/1.1\r\n\r\n", "GET /large HTTP/1.1\r\n\r\n")) {
      open.add(send(text));
    }
    Awaitility.await().until(() -> begun.get() == 2);

    front.close();

    assertThat(answer(open.get(0))).isEmpty();
    assertThat(answer(open.get(1))).isEmpty();
    assertThat(answer(open.get(2))).isEmpty();
  }
}
