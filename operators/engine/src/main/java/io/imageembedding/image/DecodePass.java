// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import io.imageembedding.embedding.ImageInfo;
import io.imageembedding.image.ImageHeader.Cost;
import io.imageembedding.image.ImageHeader.Means;
import io.imageembedding.image.Preprocessing.JpegDecoding;
import io.imageembedding.image.Preprocessing.Orientation;
import io.imageembedding.image.UndecodableImageException.Fault;
import io.imageembedding.tensorflow.TensorFlowFailure;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Decodes one image at a time, on whatever thread it is called. Owns native memory; not
 * thread-safe.
 */
class DecodePass implements AutoCloseable {
  /**
   * How often the pixels of the largest image that is allowed may be gone through: more than any
   * encoder of progressive JPEGs has scans.
   */
  private static final long MOST_PASSES = 20;

  /** Pixels of the shorter side that a scaled JPEG keeps for each that the model takes. */
  private static final int KEPT_PIXELS = 2;

  /** Of the JVM's heap, what one image may take: one part in so many. */
  private static final int HEAP_SHARE = 4;

  /** Of the JVM's heap, what images that are stuck and one more may take: one part in so many. */
  private static final int SHARE_OF_ALL = 2;

  private final DecodeLimits limits;
  private final Preprocessing preprocessing;
  private final LongSupplier heldHeap;
  private volatile long heapBytes;
  private final PictureDecoder reference;
  private final BilinearResize resize = new BilinearResize();
  private final ViewResize viewResize = new ViewResize();

  /**
   * @param heldHeap bytes of heap that other images hold, which are still being decoded
   */
  DecodePass(DecodeLimits limits, Preprocessing preprocessing, LongSupplier heldHeap) {
    this(limits, preprocessing, heldHeap, new ReferenceDecoder());
  }

  /**
   * One by other decoders.
   *
   * @param reference of the formats that TensorFlow knows; closed with this
   */
  DecodePass(
      DecodeLimits limits,
      Preprocessing preprocessing,
      LongSupplier heldHeap,
      PictureDecoder reference) {
    this.reference = reference;
    this.limits = limits;
    this.preprocessing = preprocessing;
    this.heldHeap = heldHeap;
  }

  /** What the image that is being decoded takes of the heap, 0 if there is none. */
  long heapBytes() {
    return heapBytes;
  }

  /** Pixels of an image in the model's size, in an array that the next image is written to. */
  record Resized(float[] rgb, ImageInfo info) {}

  /**
   * Decodes an image and resizes a view of it.
   *
   * @param size width and height of the result in pixels
   */
  Resized resized(byte[] encoded, View view, int size) throws UndecodableImageException {
    return guarded(
        encoded,
        (format, header) -> {
          try (Pixels pixels = pixels(encoded, format, header, size)) {
            return new Resized(
                view.equals(View.WHOLE)
                    ? resize.resized(pixels, orientation(header), size)
                    : viewResize.resized(pixels, orientation(header), view, size),
                new ImageInfo(format.name(), header.width(), header.height()));
          }
        });
  }

  BufferedImage thumbnail(byte[] encoded, int longestSide) throws UndecodableImageException {
    return guarded(
        encoded,
        (format, header) -> {
          int longer = Math.max(header.width(), header.height());
          int shorter = Math.min(header.width(), header.height());
          int kept = (int) Math.max(1, (long) longestSide * shorter / longer);
          try (Pixels pixels = pixels(encoded, format, header, kept)) {
            return Orientations.upright(
                AreaResize.within(longestSide, pixels), orientation(header));
          }
        });
  }

  private int orientation(ImageHeader header) {
    return preprocessing.orientation() == Orientation.APPLY
        ? header.orientation()
        : ExifOrientation.UPRIGHT;
  }

  /** What is done with an image whose header was checked. */
  @FunctionalInterface
  private interface Decoding<R> {
    R run(ImageFormat format, ImageHeader header)
        throws UndecodableImageException, TensorFlowFailure, IOException;
  }

  /**
   * Decodes within a boundary: decoders throw anything at all when their input is broken, errors of
   * the JVM not excepted.
   */
  private <R> R guarded(byte[] encoded, Decoding<R> decoding) throws UndecodableImageException {
    ImageFormat format = null;
    try {
      EncodedBytes bytes = new EncodedBytes(encoded);
      format = format(bytes, limits);
      ImageHeader header = format.header(bytes, limits.maxFrames());
      checkLimits(format, header);
      heapBytes = header.cost().heapBytes();
      return decoding.run(format, header);
    } catch (UndecodableImageException e) {
      throw e;
    } catch (OutOfMemoryError | StackOverflowError e) {
      throw new UndecodableImageException(
          Fault.TOO_LARGE, "the " + name(format) + " takes more memory than there is", e);
    } catch (Throwable e) {
      throw undecodable(encoded, format, e);
    } finally {
      heapBytes = 0;
    }
  }

  private static String name(ImageFormat format) {
    return format == null ? "image" : format.name();
  }

  /** The format that the file is of, which is none that is too large or not decoded. */
  static ImageFormat format(EncodedBytes bytes, DecodeLimits limits)
      throws UndecodableImageException {
    if (bytes.length() == 0) {
      throw new UndecodableImageException(Fault.EMPTY, "the image has no bytes");
    }
    if (bytes.length() > limits.maxBytes()) {
      throw tooLarge("the file has too many bytes", limits.maxBytes());
    }
    Optional<ImageFormat> format = ImageFormat.of(bytes);
    if (format.isPresent()) {
      return format.get();
    }
    String unsupported = UnsupportedFormats.name(bytes).orElse(null);
    if (unsupported != null) {
      throw new UndecodableImageException(
          Fault.UNSUPPORTED_FORMAT,
          unsupported + " is not decoded; decoded are " + ImageFormat.names());
    }
    throw new UndecodableImageException(Fault.NOT_AN_IMAGE, TextContent.describe(bytes));
  }

  private void checkLimits(ImageFormat format, ImageHeader header)
      throws UndecodableImageException {
    String declares = "the " + format.name() + " declares ";
    if (header.width() > limits.maxWidth()) {
      throw tooLarge(declares + "a width of " + header.width(), limits.maxWidth());
    }
    if (header.height() > limits.maxHeight()) {
      throw tooLarge(declares + "a height of " + header.height(), limits.maxHeight());
    }
    String pixels = declares + header.width() + " x " + header.height() + " pixels";
    Cost cost = header.cost();
    if (cost.pixels() > limits.maxPixels()) {
      boolean more = cost.pixels() > (long) header.width() * header.height();
      throw tooLarge(
          more ? pixels + ", for which " + cost.pixels() + " are decoded" : pixels,
          limits.maxPixels());
    }
    if (cost.work() > MOST_PASSES * limits.maxPixels()) {
      throw tooLarge(
          pixels + ", which its decoder goes through " + cost.passes() + " times",
          MOST_PASSES * limits.maxPixels() / Math.max(1, cost.pixels()));
    }
    requireHeap(pixels, cost.heapBytes());
    if (header.frames() > limits.maxFrames()) {
      throw tooLarge(declares + "more frames", limits.maxFrames());
    }
    if (header.width() == 0 || header.height() == 0) {
      throw new UndecodableImageException(Fault.CORRUPT, declares + "no pixels");
    }
  }

  private void requireHeap(String pixels, long needed) throws UndecodableImageException {
    long heap = Runtime.getRuntime().maxMemory();
    if (needed > heap / HEAP_SHARE) {
      throw tooLarge(
          pixels + ", whose decoder takes " + needed + " bytes of heap", heap / HEAP_SHARE);
    }
    long held = needed == 0 ? 0 : heldHeap.getAsLong();
    if (needed + held > heap / SHARE_OF_ALL) {
      throw new UndecodableImageException(
          Fault.DECODER_BUSY,
          pixels
              + ", whose decoder takes "
              + needed
              + " bytes of heap, while images that took too long still hold "
              + held
              + "; it can be tried again");
    }
  }

  private static UndecodableImageException tooLarge(String what, long limit) {
    return new UndecodableImageException(Fault.TOO_LARGE, what + "; the limit is " + limit);
  }

  private Pixels pixels(byte[] encoded, ImageFormat format, ImageHeader header, int size)
      throws UndecodableImageException, TensorFlowFailure, IOException {
    boolean scaled = preprocessing.jpegDecoding() == JpegDecoding.SCALED;
    Means means = new Means(reference, scaled ? KEPT_PIXELS * size : 0);
    byte[] essential = format.essential(encoded, header);
    return format.onCanvas(encoded, header.decoder().decode(essential, header, means));
  }

  /** What it means that something was thrown while a file was read. */
  static UndecodableImageException undecodable(
      byte[] encoded, ImageFormat format, Throwable cause) {
    boolean complete = true;
    try {
      complete = format == null || format.isComplete(new EncodedBytes(encoded));
    } catch (UndecodableImageException e) {
      complete = e.fault() != Fault.TRUNCATED;
    } catch (RuntimeException e) {
      cause.addSuppressed(e);
    }
    return complete
        ? new UndecodableImageException(
            Fault.CORRUPT,
            "the " + name(format) + " cannot be decoded: its content contradicts its format",
            cause)
        : new UndecodableImageException(
            Fault.TRUNCATED, "the " + name(format) + " ends before its image does", cause);
  }

  @Override
  public void close() {
    reference.close();
  }
}
