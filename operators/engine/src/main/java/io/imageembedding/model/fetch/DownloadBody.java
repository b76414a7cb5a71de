// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.fetch;

import io.imageembedding.model.ModelException;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * What comes of a download: written to the file, piece by piece, so that no more than a piece is in
 * memory.
 */
final class DownloadBody implements HttpResponse.BodySubscriber<Void> {
  private final Path file;
  private final String shown;
  private final long maxBytes;
  private final FetchProgress progress;
  private final MessageDigest digest = DigestUtils.getSha256Digest();
  private final CompletableFuture<Void> done = new CompletableFuture<>();
  private volatile Flow.Subscription subscription;
  private volatile long lastNanos = System.nanoTime();
  private volatile ModelException refusal;
  private FileChannel channel;
  private long expected;
  private long bytes;

  DownloadBody(Path file, String shown, long maxBytes, FetchProgress progress) {
    this.file = file;
    this.shown = shown;
    this.maxBytes = maxBytes;
    this.progress = progress;
  }

  /** Says that nobody waits for what comes, such as a page of an error. */
  static HttpResponse.BodySubscriber<Void> unread() {
    return new Unread();
  }

  /**
   * @param length in bytes; -1 where the server does not say
   */
  DownloadBody expecting(long length) {
    expected = length;
    return this;
  }

  String sha256() {
    return HexFormat.of().formatHex(digest.digest());
  }

  boolean hasBegun() {
    return subscription != null;
  }

  /** When something came last, by {@link System#nanoTime()}. */
  long lastNanos() {
    return lastNanos;
  }

  /** Why it is not taken; null where nothing was refused. */
  ModelException refusal() {
    return refusal;
  }

  void cancel() {
    Flow.Subscription toCancel = subscription;
    if (toCancel != null) {
      toCancel.cancel();
    }
    done.cancel(true);
    close();
  }

  @Override
  public CompletionStage<Void> getBody() {
    return done;
  }

  @Override
  public void onSubscribe(Flow.Subscription newSubscription) {
    lastNanos = System.nanoTime();
    subscription = newSubscription;
    try {
      requireSize(expected);
      synchronized (this) {
        channel =
            FileChannel.open(
                file,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE);
      }
      newSubscription.request(1);
    } catch (IOException e) {
      refuse(Storage.failure(shown, file, e));
    } catch (ModelException e) {
      refuse(e);
    }
  }

  @Override
  public void onNext(List<ByteBuffer> buffers) {
    lastNanos = System.nanoTime();
    try {
      for (ByteBuffer buffer : buffers) {
        bytes += buffer.remaining();
        requireSize(bytes);
        digest.update(buffer.duplicate());
        write(buffer);
      }
      progress.report(bytes, expected);
      subscription.request(1);
    } catch (IOException e) {
      refuse(Storage.failure(shown, file, e));
    } catch (ModelException e) {
      refuse(e);
    } catch (RuntimeException e) {
      refuse(ModelException.of(shown, "the download failed: " + e, e));
    }
  }

  private synchronized void write(ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }

  private void requireSize(long size) {
    if (size > maxBytes) {
      throw ModelException.of(shown, "the download is larger than " + maxBytes + " bytes");
    }
  }

  private void refuse(ModelException why) {
    refusal = why;
    subscription.cancel();
    done.completeExceptionally(why);
  }

  private synchronized void close() {
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException e) {
        refusal = Storage.failure(shown, file, e);
      }
    }
  }

  @Override
  public void onError(Throwable failure) {
    done.completeExceptionally(failure);
  }

  @Override
  public void onComplete() {
    close();
    if (refusal != null) {
      done.completeExceptionally(refusal);
    } else {
      done.complete(null);
    }
  }

  private static final class Unread implements HttpResponse.BodySubscriber<Void> {

    @Override
    public CompletionStage<Void> getBody() {
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      subscription.cancel();
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {}

    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onComplete() {}
  }
}
