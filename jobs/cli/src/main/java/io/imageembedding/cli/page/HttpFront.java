// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.page;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.apache.flink.shaded.netty4.io.netty.bootstrap.ServerBootstrap;
import org.apache.flink.shaded.netty4.io.netty.channel.Channel;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelInitializer;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelOption;
import org.apache.flink.shaded.netty4.io.netty.channel.EventLoopGroup;
import org.apache.flink.shaded.netty4.io.netty.channel.MultiThreadIoEventLoopGroup;
import org.apache.flink.shaded.netty4.io.netty.channel.nio.NioIoHandler;
import org.apache.flink.shaded.netty4.io.netty.channel.socket.SocketChannel;
import org.apache.flink.shaded.netty4.io.netty.channel.socket.nio.NioServerSocketChannel;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpDecoderConfig;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpHeaders;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpServerCodec;

/**
 * Takes requests and sends answers. One thread reads and writes for all connections and waits for
 * none of them, so no client that is slow holds up another; whatever takes time is done by other
 * threads once a request is there as a whole. What a client may take is bounded by {@link Limits}.
 */
final class HttpFront implements AutoCloseable {
  private static final int MAX_LINE_BYTES = 8 << 10;
  private static final int MAX_HEADER_BYTES = 16 << 10;
  private static final int CHUNK_BYTES = 64 << 10;
  private static final int WORKERS = 16;
  private static final int MOST_WAITING = 256;
  private static final long GRACE_MILLIS = 300;

  /**
   * How long a client may take, and how many there may be.
   *
   * @param headSeconds from the connection, or the answer before, to the end of the headers
   * @param stallSeconds without a byte of a body
   * @param bodySeconds for a whole body
   * @param answerSeconds until a whole answer is taken
   * @param connections beyond which the one that has waited longest for its headers is closed
   */
  record Limits(
      int headSeconds, int stallSeconds, int bodySeconds, int answerSeconds, int connections) {
    static final Limits DEFAULT = new Limits(15, 5, 30, 10, 512);
  }

  /** What answers. */
  interface Application {
    /**
     * Decides by the head alone and at once.
     *
     * @return how the request is answered when its body has come
     */
    Answering accept(Request head, HttpHeaders headers) throws RequestFailure;

    /** The answer to a request that fails. */
    Reply failed(Throwable failure);

    /** Every header of an answer but those of the connection. */
    Map<String, String> headers(Reply reply);
  }

  /** How one request is answered; closed once, whether it was answered or not. */
  interface Answering extends AutoCloseable {
    /** Most bytes that the body may have. */
    default int mostBytes() {
      return 0;
    }

    Reply answer(Request whole) throws RequestFailure, IOException;

    @Override
    default void close() {}
  }

  private final EventLoopGroup loop =
      new MultiThreadIoEventLoopGroup(
          1, (ThreadFactory) work -> daemon(work, "page connections"), NioIoHandler.newFactory());
  private final ThreadPoolExecutor workers =
      new ThreadPoolExecutor(
          WORKERS,
          WORKERS,
          1,
          TimeUnit.MINUTES,
          new LinkedBlockingQueue<>(MOST_WAITING),
          work -> daemon(work, "page"));
  private final Channel listening;

  /** Used by the loop's one thread only. */
  private final Set<Channel> open = new LinkedHashSet<>();

  /** Those of the open ones whose headers have not come, the longest first. */
  private final Set<Channel> waiting = new LinkedHashSet<>();

  private final Application application;
  private final Limits limits;

  /**
   * Listens, and answers nobody yet.
   *
   * @throws IOException if the address cannot be listened to
   */
  HttpFront(InetSocketAddress bind, Application application, Limits limits) throws IOException {
    this.application = application;
    this.limits = limits;
    workers.allowCoreThreadTimeOut(true);
    var bound =
        new ServerBootstrap()
            .group(loop)
            .channel(NioServerSocketChannel.class)
            .option(ChannelOption.AUTO_READ, false)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childHandler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel channel) {
                    initialise(channel);
                  }
                })
            .bind(bind)
            .awaitUninterruptibly();
    if (!bound.isSuccess()) {
      loop.shutdownGracefully(0, 0, TimeUnit.SECONDS);
      throw bound.cause() instanceof IOException failure
          ? failure
          : new IOException(bound.cause().getMessage(), bound.cause());
    }
    listening = bound.channel();
  }

  private static Thread daemon(Runnable work, String name) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    return thread;
  }

  private void initialise(SocketChannel channel) {
    if (open.size() >= limits.connections()) {
      waiting.stream().findFirst().ifPresent(Channel::close);
      if (open.size() >= limits.connections()) {
        channel.close();
        return;
      }
    }
    open.add(channel);
    channel
        .closeFuture()
        .addListener(
            closed -> {
              open.remove(channel);
              waiting.remove(channel);
            });
    channel
        .pipeline()
        .addLast(
            new HttpServerCodec(
                new HttpDecoderConfig()
                    .setMaxInitialLineLength(MAX_LINE_BYTES)
                    .setMaxHeaderSize(MAX_HEADER_BYTES)
                    .setMaxChunkSize(CHUNK_BYTES)))
        .addLast(new HttpConnection(application, limits, workers, waiting));
  }

  /** Begins to answer. */
  void start() {
    listening.config().setAutoRead(true);
  }

  InetSocketAddress address() {
    return (InetSocketAddress) listening.localAddress();
  }

  /** How many connections there are. */
  int connections() throws IOException {
    try {
      return loop.submit(open::size).get();
    } catch (InterruptedException | ExecutionException e) {
      throw new IOException(e);
    }
  }

  /** Those who answer; after {@link #close} they end with what they are at. */
  ExecutorService workers() {
    return workers;
  }

  /** Takes no more requests, and for a short time lets what is being answered end. */
  @Override
  public void close() {
    listening.close().awaitUninterruptibly(GRACE_MILLIS);
    workers.shutdown();
    try {
      workers.awaitTermination(GRACE_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (!loop.isShuttingDown()) {
      loop.submit(() -> Set.copyOf(open).forEach(Channel::close));
    }
    loop.shutdownGracefully(0, GRACE_MILLIS, TimeUnit.MILLISECONDS)
        .awaitUninterruptibly(2 * GRACE_MILLIS);
  }
}
