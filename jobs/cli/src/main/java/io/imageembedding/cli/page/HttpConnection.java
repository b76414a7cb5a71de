// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.page;

import io.imageembedding.cli.page.HttpFront.Answering;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.apache.flink.shaded.netty4.io.netty.buffer.Unpooled;
import org.apache.flink.shaded.netty4.io.netty.channel.Channel;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelFutureListener;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelHandlerContext;
import org.apache.flink.shaded.netty4.io.netty.channel.SimpleChannelInboundHandler;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.DefaultFullHttpResponse;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.FullHttpResponse;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpContent;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpHeaderNames;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpMethod;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpObject;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpRequest;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpResponseStatus;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpUtil;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpVersion;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.LastHttpContent;

/** One connection: a request after another, each within its limits of time and bytes. */
final class HttpConnection extends SimpleChannelInboundHandler<HttpObject> {
  /** Read on behind a body that is refused, so that its sender hears the answer. */
  private static final long MOST_DISCARDED = 64L << 20;

  private final HttpFront.Application application;
  private final HttpFront.Limits limits;
  private final Executor workers;
  private final Set<Channel> waiting;

  private ScheduledFuture<?> deadline;
  private ScheduledFuture<?> stall;
  private boolean busy;
  private Request head;
  private boolean withoutBody;
  private boolean keepAlive;
  private Answering answering;
  private Throwable failure;
  private ByteArrayOutputStream body;
  private long discarded;

  /**
   * @param waiting takes the connection as long as its headers have not come
   */
  HttpConnection(
      HttpFront.Application application,
      HttpFront.Limits limits,
      Executor workers,
      Set<Channel> waiting) {
    this.application = application;
    this.limits = limits;
    this.workers = workers;
    this.waiting = waiting;
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    awaitHead(context);
  }

  private void awaitHead(ChannelHandlerContext context) {
    busy = false;
    head = null;
    failure = null;
    body = null;
    discarded = 0;
    waiting.add(context.channel());
    closeAfter(context, limits.headSeconds());
    context.channel().config().setAutoRead(true);
  }

  private void closeAfter(ChannelHandlerContext context, int seconds) {
    cancelDeadlines();
    deadline = context.executor().schedule(() -> context.close(), seconds, TimeUnit.SECONDS);
  }

  private void cancelDeadlines() {
    for (ScheduledFuture<?> timer : new ScheduledFuture<?>[] {deadline, stall}) {
      if (timer != null) {
        timer.cancel(false);
      }
    }
  }

  @Override
  protected void channelRead0(ChannelHandlerContext context, HttpObject part) {
    if (busy) {
      // Sent before the answer to the one before, as no browser does.
      keepAlive = false;
      return;
    }
    if (part.decoderResult().isFailure()) {
      keepAlive = false;
      waiting.remove(context.channel());
      failure = new RequestFailure(400, "INVALID_REQUEST", "this is no request that can be read");
      send(context, application.failed(failure));
      return;
    }
    if (part instanceof HttpRequest request) {
      begin(context, request);
    }
    if (part instanceof HttpContent content && head != null) {
      take(context, content);
    }
  }

  private void begin(ChannelHandlerContext context, HttpRequest request) {
    waiting.remove(context.channel());
    closeAfter(context, limits.bodySeconds());
    head = Request.of(request.method().name(), request.uri());
    withoutBody = request.method().equals(HttpMethod.HEAD);
    keepAlive = HttpUtil.isKeepAlive(request);
    try {
      answering = application.accept(head, request.headers());
      body = new ByteArrayOutputStream();
      if (HttpUtil.getContentLength(request, 0L) > answering.mostBytes()) {
        throw tooLarge();
      }
      if (HttpUtil.is100ContinueExpected(request)) {
        context.writeAndFlush(
            new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE));
      }
    } catch (RequestFailure | RuntimeException e) {
      refuse(e);
    }
  }

  private RequestFailure tooLarge() {
    return answering.mostBytes() == 0
        ? new RequestFailure(413, "TOO_LARGE", "this request takes no content")
        : new RequestFailure(
            413,
            "image",
            "TOO_LARGE",
            "the file has more bytes than can be searched for; the limit is "
                + answering.mostBytes());
  }

  private void refuse(Exception why) {
    failure = why;
    body = null;
    release();
  }

  private void release() {
    if (answering != null) {
      answering.close();
      answering = null;
    }
  }

  private void take(ChannelHandlerContext context, HttpContent content) {
    if (stall != null) {
      stall.cancel(false);
    }
    int bytes = content.content().readableBytes();
    if (failure == null && body.size() + (long) bytes > answering.mostBytes()) {
      refuse(tooLarge());
    }
    if (failure != null) {
      discarded += bytes;
      keepAlive &= discarded == 0;
    } else if (bytes > 0) {
      try {
        content.content().readBytes(body, bytes);
      } catch (IOException e) {
        throw new IllegalStateException("memory can be written", e);
      }
    }
    if (content instanceof LastHttpContent || discarded > MOST_DISCARDED) {
      answer(context);
    } else {
      stall =
          context
              .executor()
              .schedule(() -> context.close(), limits.stallSeconds(), TimeUnit.SECONDS);
    }
  }

  private void answer(ChannelHandlerContext context) {
    busy = true;
    cancelDeadlines();
    context.channel().config().setAutoRead(false);
    if (failure != null) {
      send(context, application.failed(failure));
      return;
    }
    Request whole = head.with(body.toByteArray());
    body = null;
    Answering mine = answering;
    answering = null;
    try {
      workers.execute(
          () -> {
            Reply reply;
            try (mine) {
              reply = mine.answer(whole);
            } catch (Throwable e) {
              reply = application.failed(e);
            }
            sendFromLoop(context, reply);
          });
    } catch (RejectedExecutionException e) {
      mine.close();
      send(
          context,
          application.failed(
              new RequestFailure(503, "BUSY", "too much is asked for at a time; try again")));
    }
  }

  private void sendFromLoop(ChannelHandlerContext context, Reply reply) {
    try {
      context.executor().execute(() -> send(context, reply));
    } catch (RejectedExecutionException e) {
      // The server was closed meanwhile, and with it the connection.
    }
  }

  private void send(ChannelHandlerContext context, Reply reply) {
    busy = true;
    head = null;
    FullHttpResponse response =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1,
            HttpResponseStatus.valueOf(reply.status()),
            Unpooled.wrappedBuffer(withoutBody ? new byte[0] : reply.body()));
    application.headers(reply).forEach((name, value) -> response.headers().set(name, value));
    response.headers().set(HttpHeaderNames.CONTENT_LENGTH, reply.body().length);
    if (!keepAlive) {
      response.headers().set(HttpHeaderNames.CONNECTION, "close");
    }
    closeAfter(context, limits.answerSeconds());
    context
        .writeAndFlush(response)
        .addListener(
            (ChannelFutureListener)
                sent -> {
                  if (sent.isSuccess() && keepAlive) {
                    awaitHead(context);
                  } else {
                    sent.channel().close();
                  }
                });
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    cancelDeadlines();
    body = null;
    release();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    context.close();
  }
}
