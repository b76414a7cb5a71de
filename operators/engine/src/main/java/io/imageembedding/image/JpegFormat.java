// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import io.imageembedding.image.ImageHeader.Cost;
import io.imageembedding.image.ImageHeader.Means;
import io.imageembedding.image.UndecodableImageException.Fault;
import io.imageembedding.tensorflow.TensorFlowFailure;
import java.io.IOException;

/** JPEG, ITU-T T.81 annex B: markers and segments. */
final class JpegFormat implements ImageFormat {
  private static final int START_OF_SCAN = 0xDA;
  private static final int END_OF_IMAGE = 0xD9;
  private static final int APP1 = 0xE1;
  private static final int LOSSLESS_OF_JPEG_LS = 0xF7;
  private static final String EXIF = "Exif\0\0";

  @Override
  public String name() {
    return "jpeg";
  }

  @Override
  public boolean matches(EncodedBytes bytes) {
    return bytes.is(0, "\u00ff\u00d8\u00ff");
  }

  @Override
  public ImageHeader header(EncodedBytes bytes, int maxFrames) throws UndecodableImageException {
    int orientation = 0;
    for (long at = nextMarker(bytes, 2); ; at = next(bytes, at)) {
      int marker = bytes.u8(at + 1);
      if (isFrame(marker)) {
        requireSupported(marker, bytes.u8(at + 4));
        int height = bytes.u16(at + 5);
        int width = bytes.u16(at + 7);
        return new ImageHeader(
            width,
            height,
            1,
            orientation == 0 ? ExifOrientation.UPRIGHT : orientation,
            JpegFormat::decode,
            new Cost((long) width * height, scans(bytes, at), 0));
      }
      if (marker == LOSSLESS_OF_JPEG_LS) {
        throw new UndecodableImageException(
            Fault.UNSUPPORTED_FORMAT, "JPEG-LS is not decoded; decoded are " + ImageFormat.names());
      }
      if (marker == START_OF_SCAN || marker == END_OF_IMAGE) {
        throw new UndecodableImageException(
            Fault.CORRUPT, "the JPEG has no frame header before its data");
      }
      // Of several Exif segments the first counts (Exif 2.3, 4.5.4).
      if (marker == APP1 && orientation == 0 && bytes.is(at + 4, EXIF)) {
        long length = bytes.u16(at + 2) - 2L - EXIF.length();
        orientation = ExifOrientation.of(bytes.part(at + 4 + EXIF.length(), Math.max(0, length)));
      }
    }
  }

  private static Pixels decode(byte[] essential, ImageHeader header, Means means)
      throws UndecodableImageException, TensorFlowFailure, IOException {
    return means.leastSide() == 0
        ? means.reference().decode(essential, header)
        : means.reference().decodeJpeg(essential, header, means.leastSide());
  }

  private static void requireSupported(int marker, int precision) throws UndecodableImageException {
    boolean sequentialOrProgressive = marker <= 0xC2 || marker == 0xC9 || marker == 0xCA;
    if (!sequentialOrProgressive || precision != 8) {
      throw new UndecodableImageException(
          Fault.UNSUPPORTED_FORMAT,
          "JPEG of process SOF"
              + (marker - 0xC0)
              + " with "
              + precision
              + " bits is not decoded; decoded are baseline and progressive ones with 8 bits");
    }
  }

  private static boolean isFrame(int marker) {
    return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
  }

  private static boolean isProgressive(int marker) {
    return marker == 0xC2 || marker == 0xCA;
  }

  /**
   * How often the pixels are gone through: once for each scan. A sequential file whose first scan
   * has all components has no other.
   *
   * @param frame where the frame header is
   */
  private static int scans(EncodedBytes bytes, long frame) throws UndecodableImageException {
    int components = bytes.u8(frame + 9);
    for (long at = next(bytes, frame); ; at = next(bytes, at)) {
      int marker = bytes.u8(at + 1);
      if (marker == START_OF_SCAN) {
        boolean only = !isProgressive(bytes.u8(frame + 1)) && bytes.u8(at + 4) == components;
        return only ? 1 : bytes.count(at, 0xFF, START_OF_SCAN);
      }
      if (marker == END_OF_IMAGE || isFrame(marker)) {
        return 1;
      }
    }
  }

  private static boolean isAlone(int marker) {
    return marker >= 0xD0 && marker <= 0xD8 || marker == 0x01;
  }

  /** Offset of the marker behind the segment of this one. */
  private static long next(EncodedBytes bytes, long at) throws UndecodableImageException {
    return nextMarker(bytes, isAlone(bytes.u8(at + 1)) ? at + 2 : at + 2 + bytes.u16(at + 2));
  }

  /** Offset of the next FF that is followed by a marker. */
  private static long nextMarker(EncodedBytes bytes, long from) throws UndecodableImageException {
    long at = from;
    while (bytes.u8(at) != 0xFF || bytes.u8(at + 1) == 0xFF || bytes.u8(at + 1) == 0) {
      at++;
    }
    return at;
  }

  @Override
  public boolean isComplete(EncodedBytes bytes) throws UndecodableImageException {
    long at = nextMarker(bytes, 2);
    while (bytes.u8(at + 1) != END_OF_IMAGE) {
      at = next(bytes, at);
    }
    return true;
  }
}
