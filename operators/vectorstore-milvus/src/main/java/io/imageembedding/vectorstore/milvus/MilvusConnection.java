// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.milvus;

import io.imageembedding.vectorstore.StoreException;
import io.milvus.grpc.MilvusServiceGrpc;
import io.milvus.shaded.io.grpc.ManagedChannel;
import io.milvus.v2.client.ConnectConfig;
import io.milvus.v2.client.MilvusClientV2;
import io.milvus.v2.client.RetryConfig;
import io.milvus.v2.utils.ClientUtils;
import io.milvus.v2.utils.RpcUtils;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.util.concurrent.TimeUnit;

/** The client, and beside it a way to the server for {@link Columns}. */
final class MilvusConnection implements AutoCloseable {
  private static final int CONNECT_TIMEOUT_MILLIS = 5000;

  private final MilvusSettings settings;
  private final MilvusClientV2 client;
  private final ManagedChannel channel;

  private MilvusConnection(MilvusSettings settings, MilvusClientV2 client, ManagedChannel channel) {
    this.settings = settings;
    this.client = client;
    this.channel = channel;
  }

  static MilvusConnection open(MilvusSettings settings) {
    ConnectConfig config = settings.connection();
    // The client itself would wait for a server that is not there, and not say so.
    try (Socket socket = new Socket()) {
      socket.connect(
          new InetSocketAddress(settings.host(), settings.port()), CONNECT_TIMEOUT_MILLIS);
    } catch (UnknownHostException e) {
      throw StoreException.passing(
          settings.name() + ": the host " + settings.host() + " is not known", e);
    } catch (IOException e) {
      throw StoreException.passing(settings.name() + ": " + e.getMessage(), e);
    }
    MilvusClientV2 client = new MilvusClientV2(config);
    // Whoever opened the store tries again, and knows for how long.
    client.retryConfig(RetryConfig.builder().maxRetryTimes(1).build());
    return new MilvusConnection(settings, client, new ClientUtils().getChannel(config));
  }

  MilvusClientV2 client() {
    return client;
  }

  void upsert(Columns rows) {
    new RpcUtils()
        .handleResponse(
            "Upsert into " + settings.collection(),
            MilvusServiceGrpc.newBlockingStub(channel)
                .withWaitForReady()
                .withDeadlineAfter(settings.timeoutSeconds(), TimeUnit.SECONDS)
                .upsert(rows.request(settings))
                .getStatus());
  }

  /** Does not wait for a call that is under way: that fails instead. */
  @Override
  public void close() {
    channel.shutdownNow();
    try {
      client.close(1);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
