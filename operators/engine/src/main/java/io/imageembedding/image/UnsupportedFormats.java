// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Knows image formats that are not decoded here, and documents and films that hold images, so that
 * a person is told which one it is.
 */
final class UnsupportedFormats {

  private record Magic(String name, int offset, String bytes) {}

  private static final List<Magic> MAGICS =
      List.of(
          new Magic("JPEG 2000", 0, "\0\0\0\fjP  "),
          new Magic("JPEG 2000", 0, "\u00ff\u004f\u00ff\u0051"),
          new Magic("JPEG XL", 0, "\u00ff\n"),
          new Magic("JPEG XL", 0, "\0\0\0\fJXL "),
          new Magic("JPEG XR", 0, "II\u00bc"),
          new Magic("BigTIFF", 0, "II+\0"),
          new Magic("BigTIFF", 0, "MM\0+"),
          new Magic("camera raw (Panasonic RW2)", 0, "IIU\0"),
          new Magic("camera raw (Olympus ORF)", 0, "IIRO"),
          new Magic("camera raw (Olympus ORF)", 0, "IIRS"),
          new Magic("camera raw (Olympus ORF)", 0, "MMOR"),
          new Magic("camera raw (Fujifilm RAF)", 0, "FUJIFILMCCD-RAW"),
          new Magic("camera raw (Sigma X3F)", 0, "FOVb"),
          new Magic("camera raw (Canon CRW)", 6, "HEAPCCDR"),
          new Magic("camera raw (Minolta MRW)", 0, "\0MRM"),
          new Magic("Photoshop", 0, "8BPS"),
          new Magic("GIMP's XCF", 0, "gimp xcf"),
          new Magic("icon", 0, "\0\0\1\0"),
          new Magic("OpenEXR", 0, "v/1\1"),
          new Magic("Radiance HDR", 0, "#?RADIANCE"),
          new Magic("Radiance HDR", 0, "#?RGBE"),
          new Magic("DirectDraw surface", 0, "DDS "),
          new Magic("Khronos texture", 0, "\u00abKTX "),
          new Magic("QOI", 0, "qoif"),
          new Magic("FLIF", 0, "FLIF"),
          new Magic("BPG", 0, "BPG\u00fb"),
          new Magic("PCX", 0, "\n\5\1"),
          new Magic("MNG", 0, "\u008aMNG"),
          new Magic("JNG", 0, "\u008bJNG"),
          new Magic("FITS", 0, "SIMPLE  ="),
          new Magic("DjVu", 0, "AT&TFORM"),
          new Magic("DICOM", 128, "DICM"),
          new Magic("PDF", 0, "%PDF-"),
          new Magic("PostScript", 0, "%!PS"),
          new Magic("Windows metafile", 0, "\u00d7\u00cd\u00c6\u009a"),
          new Magic("Windows metafile", 40, " EMF"),
          new Magic("SGI image", 0, "\1\u00da\0"),
          new Magic("SGI image", 0, "\1\u00da\1"),
          new Magic("Sun raster", 0, "\u0059\u00a6\u006a\u0095"),
          new Magic("Apple icon", 0, "icns"),
          new Magic("DPX", 0, "SDPX"),
          new Magic("DPX", 0, "XPDS"),
          new Magic("X pixmap", 0, "/* XPM */"),
          new Magic("Flash film", 0, "FLV\1"),
          new Magic("AVI", 8, "AVI "),
          new Magic("Matroska or WebM", 0, "\u001a\u0045\u00df\u00a3"),
          new Magic("MPEG", 0, "\0\0\1\u00ba"),
          new Magic("MPEG", 0, "\0\0\1\u00b3"),
          new Magic("portable bitmap", 0, "P1\n"),
          new Magic("portable greymap", 0, "P2\n"),
          new Magic("portable pixmap", 0, "P3\n"),
          new Magic("portable bitmap", 0, "P4\n"),
          new Magic("portable greymap", 0, "P5\n"),
          new Magic("portable pixmap", 0, "P6\n"),
          new Magic("portable arbitrary map", 0, "P7\n"));

  /** Brands of ISO 14496-12 files, ISO 23008-12 annex B and E; others are films. */
  private static final Map<String, String> BRANDS =
      Map.ofEntries(
          Map.entry("heic", "HEIC"),
          Map.entry("heix", "HEIC"),
          Map.entry("heim", "HEIC"),
          Map.entry("heis", "HEIC"),
          Map.entry("hevc", "HEIC"),
          Map.entry("hevx", "HEIC"),
          Map.entry("hevm", "HEIC"),
          Map.entry("hevs", "HEIC"),
          Map.entry("avif", "AVIF"),
          Map.entry("avis", "AVIF"),
          Map.entry("avio", "AVIF"),
          Map.entry("crx ", "camera raw (Canon CR3)"),
          Map.entry("jpx ", "JPEG 2000"),
          Map.entry("jp2 ", "JPEG 2000"),
          Map.entry("jxl ", "JPEG XL"));

  private static final int MOST_BRANDS = 64;
  private static final String TGA_FOOTER = "TRUEVISION-XFILE.\0";

  private UnsupportedFormats() {}

  /** The format that the bytes begin like, if it is one of these. */
  static Optional<String> name(EncodedBytes bytes) throws UndecodableImageException {
    if (bytes.is(4, "ftyp")) {
      return Optional.of(brand(bytes));
    }
    for (Magic magic : MAGICS) {
      if (bytes.is(magic.offset(), magic.bytes())) {
        return Optional.of(magic.name());
      }
    }
    if (isTga(bytes)) {
      return Optional.of("TGA");
    }
    if (bytes.is(0, "\0\0\2\0")) {
      return Optional.of("cursor");
    }
    return TextContent.isSvg(TextContent.begin(bytes)) ? Optional.of("SVG") : Optional.empty();
  }

  private static String brand(EncodedBytes bytes) throws UndecodableImageException {
    boolean still = false;
    long end = Math.min(bytes.u32(0), 16 + 4L * MOST_BRANDS);
    for (long at = 8; at + 4 <= end && bytes.has(at, 4); at += at == 8 ? 8 : 4) {
      String brand = bytes.text((int) at, 4);
      if (BRANDS.containsKey(brand)) {
        return BRANDS.get(brand);
      }
      still |= brand.equals("mif1") || brand.equals("msf1") || brand.equals("miaf");
    }
    return still ? "HEIF (HEIC, AVIF)" : "MP4 or QuickTime";
  }

  /** Truevision's footer, or a header in which every field makes sense; a cursor has a count. */
  private static boolean isTga(EncodedBytes encoded) throws UndecodableImageException {
    EncodedBytes bytes = encoded.littleEndian();
    if (bytes.is(bytes.length() - (long) TGA_FOOTER.length(), TGA_FOOTER)) {
      return true;
    }
    if (!bytes.has(0, 18)) {
      return false;
    }
    int map = bytes.u8(1);
    int type = bytes.u8(2);
    boolean mapped = type == 1 || type == 9;
    boolean plain = type == 2 || type == 3 || type == 10 || type == 11;
    boolean sound =
        mapped && map == 1 && bytes.u16(5) > 0
            || plain && map == 0 && bytes.u16(3) == 0 && bytes.u16(5) == 0 && bytes.u8(7) == 0;
    int depth = bytes.u8(16);
    return sound
        && bytes.u16(12) > 0
        && bytes.u16(14) > 0
        && (depth == 8 || depth == 15 || depth == 16 || depth == 24 || depth == 32)
        && (bytes.u8(17) & 0xc0) == 0;
  }
}
