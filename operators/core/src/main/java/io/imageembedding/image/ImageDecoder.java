// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import io.imageembedding.image.ImageHeader.Decoder;
import io.imageembedding.image.Preprocessing.JpegDecoding;
import io.imageembedding.image.Preprocessing.Orientation;
import io.imageembedding.image.UndecodableImageException.Fault;
import io.imageembedding.tensorflow.TensorFlowFailure;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.util.Arrays;

/**
 * Turns encoded images into the model's input, or says what is wrong with them; whatever the bytes
 * are, nothing else comes out, and no pixel is allocated before the limits are checked.
 *
 * <p>JPEG, PNG, GIF and 24-bit bitmaps are decoded by TensorFlow's own decoders, as the model's
 * pipeline does; other bitmaps, WebP and TIFF by ImageIO readers. Of animations and documents the
 * first frame counts. An image whose ImageIO reader would take more than a quarter of the JVM's
 * heap is too large, whatever the limits say. Owns native memory; not thread-safe.
 */
public final class ImageDecoder implements AutoCloseable {
  private static final int GIF_TRAILER = 0x3B;

  /** Pixels of the shorter side that a scaled JPEG keeps for each that the model takes. */
  private static final int KEPT_PIXELS = 2;

  /** Of the JVM's heap, what one image may take: one part in so many. */
  private static final int HEAP_SHARE = 4;

  private final DecodeLimits limits;
  private final Preprocessing preprocessing;
  private final ReferenceDecoder reference = new ReferenceDecoder();
  private final PluginDecoder plugins = new PluginDecoder();
  private final BilinearResize resize = new BilinearResize();

  public ImageDecoder(DecodeLimits limits, Preprocessing preprocessing) {
    this.limits = limits;
    this.preprocessing = preprocessing;
  }

  /**
   * Decodes an image, resizes it and appends it to the tensor; where it cannot, the tensor stays as
   * it was.
   *
   * @param encoded only read
   * @return what the image was
   */
  public ImageInfo decode(byte[] encoded, ImageTensor into) throws UndecodableImageException {
    EncodedBytes bytes = new EncodedBytes(encoded);
    ImageFormat format = format(bytes);
    ImageHeader header = header(format, bytes);
    try (Pixels pixels = turned(encoded, format, header, into.size())) {
      resize.append(pixels, into);
    }
    return new ImageInfo(format.name(), header.width(), header.height());
  }

  /**
   * The image as people want to see it in a list: in its own proportions, and smaller.
   *
   * @param encoded only read
   * @param longestSide most pixels of width and height; smaller images stay as they are
   */
  public BufferedImage thumbnail(byte[] encoded, int longestSide) throws UndecodableImageException {
    EncodedBytes bytes = new EncodedBytes(encoded);
    ImageFormat format = format(bytes);
    ImageHeader header = header(format, bytes);
    int longer = Math.max(header.width(), header.height());
    int shorter = Math.min(header.width(), header.height());
    int kept = (int) Math.max(1, (long) longestSide * shorter / longer);
    try (Pixels pixels = turned(encoded, format, header, kept)) {
      return AreaResize.within(longestSide, pixels);
    }
  }

  private ImageHeader header(ImageFormat format, EncodedBytes bytes)
      throws UndecodableImageException {
    ImageHeader header = format.header(bytes, limits.maxFrames());
    checkLimits(format, header);
    return header;
  }

  private Pixels turned(byte[] encoded, ImageFormat format, ImageHeader header, int size)
      throws UndecodableImageException {
    boolean turned = preprocessing.orientation() == Orientation.APPLY;
    return Orientations.upright(
        pixels(encoded, format, header, size), turned ? header.orientation() : 1);
  }

  private ImageFormat format(EncodedBytes bytes) throws UndecodableImageException {
    if (bytes.length() == 0) {
      throw new UndecodableImageException(Fault.EMPTY, "the image has no bytes");
    }
    if (bytes.length() > limits.maxBytes()) {
      throw tooLarge("the file has too many bytes", limits.maxBytes());
    }
    for (ImageFormat format : ImageFormat.ALL) {
      if (format.matches(bytes)) {
        return format;
      }
    }
    String unsupported = UnsupportedFormats.name(bytes).orElse(null);
    if (unsupported != null) {
      throw new UndecodableImageException(
          Fault.UNSUPPORTED_FORMAT,
          unsupported + " is not decoded; decoded are JPEG, PNG, GIF, BMP, WebP and TIFF");
    }
    throw new UndecodableImageException(Fault.NOT_AN_IMAGE, "the bytes begin like no image format");
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
    long pixels = (long) header.width() * header.height();
    if (pixels > limits.maxPixels()) {
      throw tooLarge(
          declares + header.width() + " x " + header.height() + " pixels", limits.maxPixels());
    }
    long heap = header.decoder().heapBytes(pixels);
    if (heap > Runtime.getRuntime().maxMemory() / HEAP_SHARE) {
      throw tooLarge(
          declares
              + header.width()
              + " x "
              + header.height()
              + " pixels, whose decoder takes "
              + heap
              + " bytes of heap",
          Runtime.getRuntime().maxMemory() / HEAP_SHARE);
    }
    if (header.frames() > limits.maxFrames()) {
      throw tooLarge(declares + "more frames", limits.maxFrames());
    }
    if (header.width() == 0 || header.height() == 0) {
      throw new UndecodableImageException(Fault.CORRUPT, declares + "no pixels");
    }
  }

  private static UndecodableImageException tooLarge(String what, long limit) {
    return new UndecodableImageException(Fault.TOO_LARGE, what + "; the limit is " + limit);
  }

  private Pixels pixels(byte[] encoded, ImageFormat format, ImageHeader header, int size)
      throws UndecodableImageException {
    try {
      if (header.decoder() != Decoder.TENSORFLOW) {
        return plugins.decode(encoded, header);
      }
      if (format instanceof JpegFormat && preprocessing.jpegDecoding() == JpegDecoding.SCALED) {
        return reference.decodeJpeg(
            encoded, Math.min(header.width(), header.height()), KEPT_PIXELS * size);
      }
      return reference.decode(firstFrame(encoded, header));
    } catch (TensorFlowFailure | IOException e) {
      throw undecodable(encoded, format, e);
    } catch (OutOfMemoryError e) {
      throw new UndecodableImageException(
          Fault.TOO_LARGE, "the " + format.name() + " takes more memory than there is", e);
    } catch (RuntimeException e) {
      // ImageIO readers throw anything at all when their input is broken.
      throw undecodable(encoded, format, e);
    }
  }

  /** An animated GIF up to the end of its first frame: TensorFlow would decode every one. */
  private static byte[] firstFrame(byte[] encoded, ImageHeader header) {
    if (header.frames() < 2) {
      return encoded;
    }
    int end = header.firstFrameEnd();
    if (end == 0) {
      return encoded;
    }
    byte[] first = Arrays.copyOf(encoded, end + 1);
    first[end] = GIF_TRAILER;
    return first;
  }

  private static UndecodableImageException undecodable(
      byte[] encoded, ImageFormat format, Exception cause) {
    boolean complete;
    try {
      complete = format.isComplete(new EncodedBytes(encoded));
    } catch (UndecodableImageException e) {
      complete = e.fault() != Fault.TRUNCATED;
    }
    return complete
        ? new UndecodableImageException(
            Fault.CORRUPT,
            "the " + format.name() + " cannot be decoded: its content contradicts its format",
            cause)
        : new UndecodableImageException(
            Fault.TRUNCATED, "the " + format.name() + " ends before its image does", cause);
  }

  @Override
  public void close() {
    reference.close();
  }
}
