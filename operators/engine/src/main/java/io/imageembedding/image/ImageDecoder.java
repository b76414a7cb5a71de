// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import io.imageembedding.annotation.Internal;
import io.imageembedding.embedding.ImageInfo;
import io.imageembedding.image.DecodePass.Resized;
import io.imageembedding.image.DecodeRun.Answer;
import io.imageembedding.image.DecodeRun.Decoding;
import io.imageembedding.image.UndecodableImageException.Fault;
import java.awt.image.BufferedImage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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
  private static final Logger LOG = LoggerFactory.getLogger(ImageDecoder.class);
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

  /**
   * What became of an image.
   *
   * @param info what it was; null if it could not be decoded
   * @param refusal why it could not be decoded; null if it could
   * @param nanos that this took
   */
  public record Decoded(ImageInfo info, UndecodableImageException refusal, long nanos) {}

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
    Decoded decoded = decode(List.of(encoded), view, into).get(0);
    if (decoded.refusal() != null) {
      throw decoded.refusal();
    }
    return decoded.info();
  }

  /**
   * The same with images one after the other, which takes less time than each by itself: those that
   * can be decoded are appended in their order.
   *
   * @return an answer for each
   * @throws IllegalStateException if the tensor has no room for all, or the thread is interrupted
   */
  public List<Decoded> decode(List<byte[]> images, ImageTensor into) {
    return decode(images, View.WHOLE, into);
  }

  private List<Decoded> decode(List<byte[]> images, View view, ImageTensor into) {
    into.requireRoom(images.size());
    int size = into.size();
    return inTime(
            images,
            new Decoding<Resized, ImageInfo>() {
              @Override
              public Resized decode(DecodePass pass, byte[] encoded)
                  throws UndecodableImageException {
                return pass.resized(encoded, view, size);
              }

              @Override
              public ImageInfo keep(Resized resized) {
                into.append(resized.rgb());
                return resized.info();
              }
            })
        .stream()
        .map(answer -> new Decoded(answer.kept(), answer.refusal(), answer.nanos()))
        .toList();
  }

  /**
   * The image as people want to see it in a list: in its own proportions, and smaller.
   *
   * @param encoded only read
   * @param longestSide most pixels of width and height; smaller images stay as they are
   */
  public BufferedImage thumbnail(byte[] encoded, int longestSide) throws UndecodableImageException {
    Answer<BufferedImage> answer =
        inTime(
                List.of(encoded),
                new Decoding<BufferedImage, BufferedImage>() {
                  @Override
                  public BufferedImage decode(DecodePass pass, byte[] image)
                      throws UndecodableImageException {
                    return pass.thumbnail(image, longestSide);
                  }

                  @Override
                  public BufferedImage keep(BufferedImage thumbnail) {
                    return thumbnail;
                  }
                })
            .get(0);
    if (answer.refusal() != null) {
      throw answer.refusal();
    }
    return answer.kept();
  }

  private <R, T> List<Answer<T>> inTime(List<byte[]> images, Decoding<R, T> decoding) {
    List<Answer<T>> answers = new ArrayList<>();
    while (answers.size() < images.size()) {
      List<byte[]> left = images.subList(answers.size(), images.size());
      if (stuck.isNone()) {
        answers.addAll(atOnce(left, decoding));
        continue;
      }
      // Whether it may be decoded can be another thing after each.
      byte[] next = left.get(0);
      try {
        stuck.requireRoom(format(next));
        answers.addAll(atOnce(List.of(next), decoding));
      } catch (UndecodableImageException e) {
        answers.add(new Answer<>(null, e, 0));
      } catch (InterruptedException e) {
        throw interrupted(e);
      }
    }
    return answers;
  }

  private static String format(byte[] encoded) {
    return ImageFormat.of(new EncodedBytes(encoded)).map(ImageFormat::name).orElse("image");
  }

  /** Answers for all, or for those up to one that takes too long. */
  private <R, T> List<Answer<T>> atOnce(List<byte[]> images, Decoding<R, T> decoding) {
    DecodeRun<R, T> run = new DecodeRun<>(images, decoding);
    try {
      if (run.await(worker().start(run), maxTime)) {
        return run.answers();
      }
    } catch (InterruptedException e) {
      run.leave();
      abandonWorker(format(run.current()));
      throw interrupted(e);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
    List<Answer<T>> answers = new ArrayList<>(run.answers());
    String format = format(run.current());
    LOG.warn("An image ({}) is given up while it is being decoded; its thread goes on", format);
    abandonWorker(format);
    answers.add(
        new Answer<>(
            null,
            new UndecodableImageException(
                Fault.TOO_LARGE,
                "the image takes longer to decode than the limit of " + maxTime.toMillis() + " ms",
                new TimeoutException()),
            maxTime.toNanos()));
    return answers;
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

    Future<?> start(DecodeRun<?, ?> run) {
      return thread.submit(() -> run.decode(pass));
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
