// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import io.imageembedding.annotation.Internal;
import io.imageembedding.embedding.ImageInfo;
import io.imageembedding.image.DecodePass.Resized;
import io.imageembedding.image.UndecodableImageException.Fault;
import java.awt.image.BufferedImage;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Turns encoded images into the model's input, or says what is wrong with them; whatever the bytes
 * are, nothing else comes out, and no pixel is allocated before the limits are checked.
 *
 * <p>JPEG, PNG, GIF and 24-bit bitmaps are decoded by TensorFlow's own decoders, as the model's
 * pipeline does; other bitmaps, lossy WebP and TIFF by ImageIO readers, lossless WebP by a decoder
 * of our own. Of animations and documents the first frame counts. A picture whose decoder would
 * take more than a quarter of the JVM's heap, or would go through its pixels too often, is too
 * large, whatever the limits say.
 *
 * <p>Images are decoded on a thread of this object's own, while the caller waits for no longer than
 * {@link DecodeLimits#maxTime}. Native code cannot be interrupted: a thread that is still busy then
 * is left alone with its image and its memory, which it gives back when it ends, and another takes
 * its place. Images cannot take all processors by that: while {@value StuckImages#MOST} such
 * threads are busy, images of their formats are refused as {@link Fault#DECODER_BUSY}, while there
 * is one more all are, and while they hold much of the heap those whose decoders take heap. Owns
 * native memory; not thread-safe.
 */
@Internal
public final class ImageDecoder implements AutoCloseable {
  private static final long CLOSING_SECONDS = 5;

  private final Duration maxTime;
  private final Supplier<DecodePass> passes;
  private final StuckImages stuck;
  private Worker worker;

  public ImageDecoder(DecodeLimits limits, Preprocessing preprocessing) {
    this(limits.maxTime(), heldHeap -> new DecodePass(limits, preprocessing, heldHeap));
  }

  /**
   * One for images that go into this tensor: where that is on the heap, the JDK's readers decode
   * what TensorFlow would, and nothing of TensorFlow is needed.
   */
  public static ImageDecoder into(
      ImageTensor tensor, DecodeLimits limits, Preprocessing preprocessing) {
    return tensor.isOnHeap()
        ? new ImageDecoder(
            limits.maxTime(),
            heldHeap -> new DecodePass(limits, preprocessing, heldHeap, new PlainDecoder()))
        : new ImageDecoder(limits, preprocessing);
  }

  ImageDecoder(Duration maxTime, Function<LongSupplier, DecodePass> passes) {
    this.maxTime = maxTime;
    stuck = new StuckImages(maxTime);
    this.passes = () -> passes.apply(stuck::heapBytes);
    worker = worker();
  }

  /** What is done with an image. */
  @FunctionalInterface
  private interface Decoding<R> {
    R with(DecodePass pass) throws UndecodableImageException;
  }

  /**
   * Decodes an image, resizes it and appends it to the tensor; where it cannot, the tensor stays as
   * it was.
   *
   * @param encoded only read
   * @return what the image was
   * @throws UndecodableImageException whatever is wrong with the image, or with earlier ones
   * @throws IllegalStateException if the tensor is full, or the thread is interrupted
   */
  public ImageInfo decode(byte[] encoded, ImageTensor into) throws UndecodableImageException {
    return decode(encoded, View.WHOLE, into);
  }

  /** Appends a view of an image, as {@link #decode(byte[], ImageTensor)} does the whole of it. */
  public ImageInfo decode(byte[] encoded, View view, ImageTensor into)
      throws UndecodableImageException {
    into.requireRoom();
    int size = into.size();
    Resized resized = inTime(encoded, pass -> pass.resized(encoded, view, size));
    into.append(resized.rgb());
    return resized.info();
  }

  /**
   * The image as people want to see it in a list: in its own proportions, and smaller.
   *
   * @param encoded only read
   * @param longestSide most pixels of width and height; smaller images stay as they are
   */
  public BufferedImage thumbnail(byte[] encoded, int longestSide) throws UndecodableImageException {
    return inTime(encoded, pass -> pass.thumbnail(encoded, longestSide));
  }

  private <R> R inTime(byte[] encoded, Decoding<R> decoding) throws UndecodableImageException {
    String format =
        ImageFormat.of(new EncodedBytes(encoded)).map(ImageFormat::name).orElse("image");
    try {
      stuck.requireRoom(format);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
    Future<R> answer = worker().start(decoding);
    try {
      return answer.get(maxTime.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      abandonWorker(format);
      throw new UndecodableImageException(
          Fault.TOO_LARGE,
          "the image takes longer to decode than the limit of " + maxTime.toMillis() + " ms",
          e);
    } catch (InterruptedException e) {
      abandonWorker(format);
      throw interrupted(e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UndecodableImageException undecodable) {
        throw undecodable;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  private static IllegalStateException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return new IllegalStateException("interrupted while an image was decoded", e);
  }

  /** Images that took too long and are still being decoded, each on a thread of its own. */
  public int stuck() {
    return stuck.count();
  }

  private Worker worker() {
    if (worker == null) {
      worker = new Worker(passes.get());
    }
    return worker;
  }

  private void abandonWorker(String format) {
    Worker abandoned = worker;
    worker = null;
    stuck.add(abandoned, format, abandoned.pass.heapBytes());
    abandoned.endWith(() -> StuckImages.ended(abandoned));
  }

  @Override
  public void close() {
    stuck.leave();
    if (worker != null) {
      worker.endWith(() -> {});
      worker.await();
      worker = null;
    }
  }

  /** A thread with what it decodes by. */
  private static final class Worker {
    private final DecodePass pass;
    private final ExecutorService thread =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread decoder = new Thread(task, "image-decoder");
              decoder.setDaemon(true);
              return decoder;
            });

    Worker(DecodePass pass) {
      this.pass = pass;
    }

    <R> Future<R> start(Decoding<R> decoding) {
      return thread.submit(() -> decoding.with(pass));
    }

    /** Gives everything back as soon as the thread is free. */
    void endWith(Runnable last) {
      thread.execute(
          () -> {
            try {
              pass.close();
            } finally {
              last.run();
            }
          });
      thread.shutdown();
    }

    void await() {
      try {
        thread.awaitTermination(CLOSING_SECONDS, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
