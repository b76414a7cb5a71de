// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import com.twelvemonkeys.imageio.plugins.webp.WebPImageReaderSpi;
import io.imageembedding.image.ImageHeader.Cost;
import io.imageembedding.image.ImageHeader.Means;
import io.imageembedding.image.UndecodableImageException.Fault;
import io.imageembedding.image.webp.LosslessWebp;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import javax.imageio.ImageReader;

/**
 * WebP, RFC 9649: a RIFF container of chunks. Its first picture is one chunk, {@code VP8 } or
 * {@code VP8L}, alone or in a frame of an animation; alpha and metadata stand in others, and are
 * left out.
 */
final class WebpFormat implements ImageFormat {
  private static final int FIRST_CHUNK = 12;
  private static final int FRAME_HEADER = 16;

  /** Measured: the reader's own planes, its answer, and ours. */
  private static final int LOSSY_HEAP = 24;

  /** Two pictures of four bytes a pixel while a transform is undone, and what it is made of. */
  private static final int LOSSLESS_HEAP = 10;

  @Override
  public String name() {
    return "webp";
  }

  @Override
  public boolean matches(EncodedBytes bytes) {
    return bytes.is(0, "RIFF") && bytes.is(8, "WEBP");
  }

  @Override
  public ImageHeader header(EncodedBytes encoded, int maxFrames) throws UndecodableImageException {
    First first = First.of(encoded.littleEndian());
    if (first.picture == 0) {
      throw new UndecodableImageException(
          isComplete(encoded) ? Fault.CORRUPT : Fault.TRUNCATED, "the WebP has no image chunk");
    }
    long pixels =
        Math.max((long) first.width * first.height, (long) first.canvasWidth * first.canvasHeight);
    return new ImageHeader(
        first.canvasWidth == 0 ? first.width : first.canvasWidth,
        first.canvasHeight == 0 ? first.height : first.canvasHeight,
        Math.max(1, first.frames),
        first.orientation,
        first.lossless ? WebpFormat::decodeLossless : WebpFormat::decodeLossy,
        new Cost(pixels, 1, pixels * (first.lossless ? LOSSLESS_HEAP : LOSSY_HEAP)));
  }

  /** The first picture and where it stands on the canvas. */
  static final class First {
    private int canvasWidth;
    private int canvasHeight;
    private int frames;
    private int orientation = ExifOrientation.UPRIGHT;
    private int left;
    private int top;
    private int width;
    private int height;
    private long picture;
    private long length;
    private boolean lossless;

    static First of(EncodedBytes bytes) throws UndecodableImageException {
      First first = new First();
      first.chunks(bytes, FIRST_CHUNK, bytes.length());
      return first;
    }

    private void chunks(EncodedBytes bytes, long from, long end) throws UndecodableImageException {
      for (long at = from; at < end && bytes.has(at, 8); at = next(bytes, at)) {
        long data = at + 8;
        if (bytes.is(at, "VP8X")) {
          canvasWidth = bytes.u24(data + 4) + 1;
          canvasHeight = bytes.u24(data + 7) + 1;
        } else if (bytes.is(at, "ANMF")) {
          frames++;
          if (picture == 0) {
            left = 2 * bytes.u24(data);
            top = 2 * bytes.u24(data + 3);
            chunks(bytes, data + FRAME_HEADER, data + bytes.u32(at + 4));
          }
        } else if (bytes.is(at, "EXIF")) {
          orientation = ExifOrientation.of(bytes.part(data, bytes.u32(at + 4)));
        } else if (picture == 0 && bytes.is(at, "VP8 ")) {
          found(bytes, at, false, bytes.u16(data + 6) & 0x3fff, bytes.u16(data + 8) & 0x3fff);
        } else if (picture == 0 && bytes.is(at, "VP8L")) {
          long bits = bytes.u32(data + 1);
          found(bytes, at, true, (int) (bits & 0x3fff) + 1, (int) (bits >> 14 & 0x3fff) + 1);
        }
      }
    }

    private void found(EncodedBytes bytes, long at, boolean isLossless, int itsWidth, int itsHeight)
        throws UndecodableImageException {
      picture = at;
      length = Math.min(bytes.u32(at + 4), bytes.length() - at - 8);
      lossless = isLossless;
      width = itsWidth;
      height = itsHeight;
    }

    private static long next(EncodedBytes bytes, long at) throws UndecodableImageException {
      long length = bytes.u32(at + 4);
      return at + 8 + length + (length & 1);
    }

    int width() {
      return width;
    }

    int height() {
      return height;
    }

    /** Where the picture's own stream begins. */
    int begin() {
      return (int) picture + 8;
    }

    int end() {
      return begin() + (int) length;
    }

    boolean fillsCanvas() {
      return canvasWidth == 0
          || left == 0 && top == 0 && width == canvasWidth && height == canvasHeight;
    }
  }

  /** A file of the lossy picture alone; a lossless one is decoded where it is. */
  @Override
  public byte[] essential(byte[] encoded, ImageHeader header) throws UndecodableImageException {
    First first = First.of(new EncodedBytes(encoded).littleEndian());
    if (first.lossless) {
      return encoded;
    }
    int length = first.end() - (int) first.picture;
    ByteBuffer file = ByteBuffer.allocate(FIRST_CHUNK + length + (length & 1));
    file.order(ByteOrder.LITTLE_ENDIAN);
    file.put(encoded, 0, 4).putInt(file.capacity() - 8).put(encoded, 8, 4);
    return file.put(encoded, (int) first.picture, length).array();
  }

  private static Pixels decodeLossy(byte[] encoded, ImageHeader header, Means means)
      throws IOException, UndecodableImageException {
    ImageReader reader = new WebPImageReaderSpi().createReaderInstance(null);
    return PluginDecoder.rgb(PluginDecoder.read(reader, encoded, header), false);
  }

  private static Pixels decodeLossless(byte[] encoded, ImageHeader header, Means means)
      throws IOException, UndecodableImageException {
    First first = First.of(new EncodedBytes(encoded).littleEndian());
    return Pixels.of(
        first.width(),
        first.height(),
        LosslessWebp.decode(encoded, first.begin(), first.end(), first.width(), first.height()));
  }

  @Override
  public Pixels onCanvas(byte[] encoded, Pixels picture) throws UndecodableImageException {
    First first = First.of(new EncodedBytes(encoded).littleEndian());
    return first.fillsCanvas()
        ? picture
        : Pixels.placed(picture, first.left, first.top, first.canvasWidth, first.canvasHeight);
  }

  @Override
  public boolean isComplete(EncodedBytes encoded) throws UndecodableImageException {
    EncodedBytes bytes = encoded.littleEndian();
    return bytes.has(0, 8 + bytes.u32(4));
  }
}
