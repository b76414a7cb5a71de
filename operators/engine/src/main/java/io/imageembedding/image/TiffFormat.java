// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import io.imageembedding.image.ImageHeader.Cost;
import io.imageembedding.image.ImageHeader.Decoder;
import io.imageembedding.image.UndecodableImageException.Fault;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * TIFF 6.0: a chain of directories of tags. Its decoder gets the first directory alone, and of that
 * what describes pixels.
 */
final class TiffFormat implements ImageFormat {
  private static final int SUB_FILE_TYPE = 254;
  private static final int WIDTH = 256;
  private static final int HEIGHT = 257;
  private static final int BITS = 258;
  private static final int COMPRESSION = 259;
  private static final int STRIP_OFFSETS = 273;
  private static final int ORIENTATION = 274;
  private static final int SAMPLES = 277;
  private static final int ROWS_PER_STRIP = 278;
  private static final int STRIP_LENGTHS = 279;
  private static final int PLANAR = 284;
  private static final int TILE_WIDTH = 322;
  private static final int TILE_HEIGHT = 323;
  private static final int TILE_OFFSETS = 324;
  private static final int TILE_LENGTHS = 325;
  private static final int SUB_DIRECTORIES = 330;
  private static final int EXTRA_SAMPLES = 338;
  private static final int JPEG_TABLES = 347;
  private static final int JPEG_OFFSET = 513;
  private static final int ICC_PROFILE = 34675;
  private static final int DNG_VERSION = 50706;

  private static final int ASSOCIATED_ALPHA = 1;
  private static final int OLD_JPEG = 6;
  private static final int JPEG = 7;
  private static final int MAX_SAMPLES = 8;
  private static final int MAX_BITS = 32;
  private static final int MAX_SUB_DIRECTORIES = 64;
  private static final int MAX_OTHER_VALUES = 1 << 22;

  /** What is decoded: none, CCITT, LZW, JPEG, deflate by its three numbers, PackBits. */
  private static final Set<Integer> DECODED = Set.of(1, 2, 3, 4, 5, 6, 7, 8, 32773, 32946, 50013);

  private static final Map<Integer, String> OTHERS =
      Map.ofEntries(
          Map.entry(9, "JBIG"),
          Map.entry(10, "JBIG"),
          Map.entry(32766, "NeXT"),
          Map.entry(32771, "CCITT RLEW"),
          Map.entry(32809, "ThunderScan"),
          Map.entry(32908, "Pixar Film"),
          Map.entry(32909, "Pixar Log"),
          Map.entry(34661, "JBIG"),
          Map.entry(34676, "SGI LogLuv"),
          Map.entry(34677, "SGI LogLuv 24"),
          Map.entry(34712, "JPEG 2000"),
          Map.entry(33003, "JPEG 2000"),
          Map.entry(33005, "JPEG 2000"),
          Map.entry(34887, "LERC"),
          Map.entry(34892, "lossy JPEG of DNG"),
          Map.entry(34925, "LZMA"),
          Map.entry(34933, "PNG"),
          Map.entry(34934, "JPEG XR"),
          Map.entry(22610, "JPEG XR"),
          Map.entry(50000, "Zstandard (ZSTD)"),
          Map.entry(34926, "Zstandard (ZSTD)"),
          Map.entry(50001, "WebP"),
          Map.entry(34927, "WebP"),
          Map.entry(50002, "JPEG XL"),
          Map.entry(52546, "JPEG XL"));

  /** Tags that pixels depend on. */
  private static final Set<Integer> ESSENTIAL =
      Set.of(
          WIDTH,
          HEIGHT,
          BITS,
          COMPRESSION,
          TiffColours.TAG,
          266,
          STRIP_OFFSETS,
          SAMPLES,
          ROWS_PER_STRIP,
          STRIP_LENGTHS,
          PLANAR,
          292,
          293,
          317,
          320,
          TILE_WIDTH,
          TILE_HEIGHT,
          TILE_OFFSETS,
          TILE_LENGTHS,
          332,
          334,
          EXTRA_SAMPLES,
          339,
          JPEG_TABLES,
          512,
          JPEG_OFFSET,
          514,
          515,
          517,
          518,
          519,
          520,
          521,
          529,
          530,
          531,
          532,
          ICC_PROFILE);

  /** The same for samples that have no profile. */
  private static final Set<Integer> OF_SAMPLES =
      ESSENTIAL.stream().filter(tag -> tag != ICC_PROFILE).collect(Collectors.toSet());

  private static final Set<Integer> PLACES =
      Set.of(STRIP_OFFSETS, STRIP_LENGTHS, TILE_OFFSETS, TILE_LENGTHS);

  @Override
  public String name() {
    return "tiff";
  }

  @Override
  public boolean matches(EncodedBytes bytes) {
    return bytes.is(0, "II*\0") || bytes.is(0, "MM\0*");
  }

  @Override
  public ImageHeader header(EncodedBytes encoded, int maxFrames) throws UndecodableImageException {
    EncodedBytes bytes = ordered(encoded);
    TiffDirectory first = first(bytes);
    refuseRaw(bytes, first);
    Decoder decoder = requireSupported(first);
    int width = first.value(WIDTH, 0);
    int height = first.value(HEIGHT, 0);
    if (width <= 0 || height <= 0) {
      throw new UndecodableImageException(
          Fault.CORRUPT, "the TIFF declares " + width + " x " + height + " pixels");
    }
    return new ImageHeader(
        width,
        height,
        countDirectories(bytes, maxFrames),
        ExifOrientation.valid(first.value(ORIENTATION, ExifOrientation.UPRIGHT)),
        decoder,
        new Segments(bytes, first, width, height).cost());
  }

  private static EncodedBytes ordered(EncodedBytes bytes) {
    return bytes.is(0, "II") ? bytes.littleEndian() : bytes.bigEndian();
  }

  private static TiffDirectory first(EncodedBytes bytes) throws UndecodableImageException {
    return new TiffDirectory(bytes, bytes.u32(4));
  }

  /** Of camera raw, the first directory is a thumbnail, and the picture is no picture yet. */
  private static void refuseRaw(EncodedBytes bytes, TiffDirectory first)
      throws UndecodableImageException {
    boolean raw =
        first.has(DNG_VERSION)
            || bytes.is(8, "CR\2\0")
            || TiffColours.areRaw(first)
            || (first.value(SUB_FILE_TYPE, 0) & 1) != 0 && first.has(SUB_DIRECTORIES);
    long subs = Math.min(first.count(SUB_DIRECTORIES), MAX_SUB_DIRECTORIES);
    for (long i = 0; i < subs && !raw; i++) {
      long at = first.value(SUB_DIRECTORIES, i, 0);
      raw =
          bytes.has(at, 2)
              && bytes.has(at, 2 + 12L * bytes.u16(at))
              && TiffColours.areRaw(new TiffDirectory(bytes, at));
    }
    if (raw) {
      throw new UndecodableImageException(
          Fault.UNSUPPORTED_FORMAT,
          "camera raw (DNG and its like) is not decoded; decoded are " + ImageFormat.names());
    }
  }

  private static Decoder requireSupported(TiffDirectory first) throws UndecodableImageException {
    int compression = first.value(COMPRESSION, 1);
    if (!DECODED.contains(compression)) {
      String name = OTHERS.get(compression);
      throw TiffColours.unsupported(
          "compression " + (name == null ? String.valueOf(compression) : name));
    }
    int samples = first.value(SAMPLES, 1);
    if (samples < 1 || samples > MAX_SAMPLES) {
      throw TiffColours.unsupported(samples + " samples a pixel");
    }
    int bits = bits(first);
    if (bits > MAX_BITS) {
      throw TiffColours.unsupported(bits + " bits a sample");
    }
    return TiffColours.decoder(first, compression == JPEG || compression == OLD_JPEG);
  }

  private static int bits(TiffDirectory directory) throws UndecodableImageException {
    int most = 1;
    for (int i = 0; i < Math.min(directory.count(BITS), MAX_SAMPLES); i++) {
      most = Math.max(most, directory.value(BITS, i, 1));
    }
    return most;
  }

  /** Strips or tiles. */
  private static final class Segments {
    /** What a segment costs however small it is, as so many pixels. */
    private static final int LEAST_PIXELS = 4096;

    private static final int MCU = 32;

    /** How often the bytes of the file may count as part of a strip or tile. */
    private static final long MOST_OVERLAP = 4;

    private final EncodedBytes bytes;
    private final TiffDirectory directory;
    private final int width;
    private final int height;
    private final int segmentWidth;
    private final int segmentHeight;
    private final boolean tiles;

    Segments(EncodedBytes bytes, TiffDirectory directory, int width, int height)
        throws UndecodableImageException {
      this.bytes = bytes;
      this.directory = directory;
      this.width = width;
      this.height = height;
      tiles = directory.has(TILE_OFFSETS);
      segmentWidth = directory.value(TILE_WIDTH, width);
      segmentHeight =
          directory.has(TILE_HEIGHT)
              ? directory.value(TILE_HEIGHT, height)
              : Math.min(height, directory.value(ROWS_PER_STRIP, height));
      if (segmentWidth <= 0 || segmentHeight <= 0) {
        throw new UndecodableImageException(
            Fault.CORRUPT,
            "the TIFF declares strips or tiles of " + segmentWidth + " x " + segmentHeight);
      }
    }

    private int offsets() {
      return tiles ? TILE_OFFSETS : STRIP_OFFSETS;
    }

    private int lengths() {
      return tiles ? TILE_LENGTHS : STRIP_LENGTHS;
    }

    private static long parts(int whole, int part) {
      return ((long) whole + part - 1) / part;
    }

    Cost cost() throws UndecodableImageException {
      int samples = directory.value(SAMPLES, 1);
      long segments = parts(width, segmentWidth) * parts(height, segmentHeight);
      long planes = directory.value(PLANAR, 1) == 2 ? samples : 1;
      if (directory.count(offsets()) > segments * MAX_SAMPLES) {
        throw new UndecodableImageException(
            Fault.CORRUPT,
            "the TIFF has "
                + directory.count(offsets())
                + " strips or tiles, and needs "
                + segments * planes);
      }
      int compression = directory.value(COMPRESSION, 1);
      boolean jpeg = compression == JPEG || compression == OLD_JPEG;
      long segment = (long) segmentWidth * segmentHeight;
      long pixels = Math.max((long) width * height, jpeg ? segment : segmentWidth);
      long unit = (long) samples * ((bits(directory) + 7) / 8);
      long heap = pixels * (2 * unit + 3) + 4L * bytes.length();
      long work = Math.max(pixels, segments * planes * LEAST_PIXELS);
      if (jpeg) {
        heap += Math.min(segment, pixels) * 2 * samples;
        work = Math.max(work, jpegWork());
      }
      return new Cost(pixels, (work + pixels - 1) / pixels, heap);
    }

    /** Every JPEG within is held to the size of its strip or tile. */
    private long jpegWork() throws UndecodableImageException {
      long work = 0;
      long seen = 0;
      boolean whole = directory.has(JPEG_OFFSET);
      int places = whole ? JPEG_OFFSET : offsets();
      for (long i = 0; i < directory.count(places); i++) {
        int length = whole ? bytes.length() : directory.value(lengths(), i, bytes.length());
        EncodedBytes stream = bytes.part(directory.value(places, i, 0), length);
        seen += stream.length();
        if (seen > MOST_OVERLAP * bytes.length()) {
          throw new UndecodableImageException(
              Fault.CORRUPT, "the TIFF's strips or tiles lie over each other");
        }
        if (stream.is(0, "\u00ff\u00d8")) {
          work += jpegWork(stream, whole ? width : segmentWidth, whole ? height : segmentHeight);
        } else if (directory.value(COMPRESSION, 1) == JPEG) {
          throw new UndecodableImageException(Fault.CORRUPT, "a JPEG of the TIFF is none");
        }
      }
      return work;
    }

    private long jpegWork(EncodedBytes stream, int itsWidth, int itsHeight)
        throws UndecodableImageException {
      ImageHeader inner = new JpegFormat().header(stream.bigEndian(), 1);
      if (inner.width() > itsWidth + MCU || inner.height() > itsHeight + MCU) {
        throw new UndecodableImageException(
            Fault.CORRUPT,
            "the TIFF declares "
                + itsWidth
                + " x "
                + itsHeight
                + " pixels, a JPEG within it "
                + inner.width()
                + " x "
                + inner.height());
      }
      return Math.max(LEAST_PIXELS, inner.cost().work());
    }
  }

  private static int countDirectories(EncodedBytes bytes, int most)
      throws UndecodableImageException {
    Set<Long> seen = new HashSet<>();
    long at = bytes.u32(4);
    while (at != 0 && seen.size() <= most && bytes.has(at, 2)) {
      if (!seen.add(at)) {
        throw new UndecodableImageException(
            Fault.CORRUPT, "the TIFF's directories lead back to an earlier one");
      }
      long link = at + 2 + 12L * bytes.u16(at);
      at = bytes.has(link, 4) ? bytes.u32(link) : 0;
    }
    return seen.size();
  }

  /** Whether colours were multiplied by alpha and have to be divided by it. */
  static boolean hasAssociatedAlpha(byte[] encoded) throws UndecodableImageException {
    return first(ordered(new EncodedBytes(encoded))).value(EXTRA_SAMPLES, 0) == ASSOCIATED_ALPHA;
  }

  @Override
  public byte[] essential(byte[] encoded, ImageHeader header) throws UndecodableImageException {
    EncodedBytes bytes = ordered(new EncodedBytes(encoded));
    TiffDirectory first = first(bytes);
    var kept = first.tags(TiffColours.areLab(header) ? OF_SAMPLES : ESSENTIAL);
    for (TiffTag tag : kept) {
      if (tag.bytes() > MAX_OTHER_VALUES && !PLACES.contains(tag.id())) {
        throw new UndecodableImageException(
            Fault.TOO_LARGE,
            "the TIFF's tag "
                + tag.id()
                + " takes "
                + tag.bytes()
                + " bytes; the limit is "
                + MAX_OTHER_VALUES);
      }
    }
    return TiffDirectory.only(
        encoded,
        bytes,
        kept,
        TiffColours.areLab(header) ? Map.of(TiffColours.TAG, TiffColours.RGB) : Map.of());
  }

  @Override
  public boolean isComplete(EncodedBytes encoded) throws UndecodableImageException {
    EncodedBytes bytes = ordered(encoded);
    TiffDirectory first = first(bytes);
    return areWithin(bytes, first, STRIP_OFFSETS, STRIP_LENGTHS)
        && areWithin(bytes, first, TILE_OFFSETS, TILE_LENGTHS);
  }

  private static boolean areWithin(
      EncodedBytes bytes, TiffDirectory directory, int offsets, int lengths)
      throws UndecodableImageException {
    for (long i = 0; i < Math.min(directory.count(offsets), directory.count(lengths)); i++) {
      if (!bytes.has(directory.value(offsets, i, 0), directory.value(lengths, i, 0))) {
        return false;
      }
    }
    return true;
  }
}
