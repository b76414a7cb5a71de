// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** Says what bytes are that are no image: what people and programs send instead of one. */
final class TextContent {
  private static final int BEGIN = 1024;
  private static final int QUOTED = 24;
  private static final String BYTE_ORDER_MARK = "\u00ef\u00bb\u00bf";

  private static final String READ_AS_TEXT =
      "bytes that were read as text: what is no UTF-8 was replaced, and is lost";

  /** How the formats that are decoded begin, and a prefix that databases and programs write. */
  private static final Pattern HEXADECIMAL =
      Pattern.compile(
          "(\\\\x|0x)?(ffd8ff|89504e47|47494638|52494646|49492a00|4d4d002a|424d)[0-9a-f]*");

  private record Beginning(String text, String what) {}

  private static final List<Beginning> BEGINNINGS =
      List.of(
          new Beginning("\u001f\u008b", "gzip; it has to be unpacked first"),
          new Beginning("PK\3\4", "a ZIP archive"),
          new Beginning("BZh", "bzip2; it has to be unpacked first"),
          new Beginning("\u00fd7zXZ", "xz; it has to be unpacked first"),
          new Beginning("(\u00b5/\u00fd", "Zstandard; it has to be unpacked first"),
          new Beginning("7z\u00bc\u00af", "a 7z archive"),
          new Beginning("Rar!", "a RAR archive"),
          new Beginning("Obj\1", "an Avro file"),
          new Beginning("PAR1", "a Parquet file"),
          new Beginning("\u00ef\u00bf\u00bd", READ_AS_TEXT),
          new Beginning("\u00ef\u00bb\u00bf\u00ef\u00bf\u00bd", READ_AS_TEXT),
          new Beginning("ID3", "sound"),
          new Beginning("OggS", "sound or a film"),
          new Beginning("fLaC", "sound"),
          new Beginning("\u007fELF", "a program"),
          new Beginning("\u0093NUMPY", "a NumPy array"),
          new Beginning("SQLite format 3", "a SQLite database"),
          new Beginning("\u00d0\u00cf\u0011\u00e0", "a document of an old Microsoft Office"),
          new Beginning("HTTP/1.", "an HTTP answer with its headers"),
          new Beginning("HTTP/2", "an HTTP answer with its headers"),
          new Beginning("b'", "the text of Python's bytes"),
          new Beginning("b\"", "the text of Python's bytes"),
          new Beginning("\u00c3\1", "an Avro record in single-object encoding"),
          new Beginning("version https://git-lfs", "a git-lfs pointer, not the file itself"),
          new Beginning("data:", "a data: address; its content has to be decoded first"),
          new Beginning("http://", "an address, not what it points to"),
          new Beginning("https://", "an address, not what it points to"),
          new Beginning("s3://", "an address, not what it points to"),
          new Beginning("/9j/", "base64 of a JPEG; it has to be decoded first"),
          new Beginning("iVBORw0KGgo", "base64 of a PNG; it has to be decoded first"),
          new Beginning("R0lGOD", "base64 of a GIF; it has to be decoded first"),
          new Beginning("UklGR", "base64 of a WebP; it has to be decoded first"),
          new Beginning("SUkqA", "base64 of a TIFF; it has to be decoded first"),
          new Beginning("TU0AK", "base64 of a TIFF; it has to be decoded first"),
          new Beginning("Qk", "perhaps base64 of a bitmap; it has to be decoded first"));

  /** Outermost elements of pages, of which servers leave out what they may. */
  private static final List<String> HTML =
      List.of("html", "head", "body", "title", "meta", "script", "div", "center", "h1");

  private TextContent() {}

  /** What the bytes are, where that can be told, and how they begin, in printable characters. */
  static String describe(EncodedBytes bytes) {
    return "the bytes are no image, but " + what(bytes) + "; they begin with " + quoted(bytes);
  }

  /** The first characters, without a byte order mark and blanks. */
  static String begin(EncodedBytes bytes) {
    String text = bytes.text(0, BEGIN);
    if (text.startsWith("\u00ff\u00fe") || text.startsWith("\u00fe\u00ff")) {
      text = text.substring(2).replace("\0", "");
    }
    return (text.startsWith(BYTE_ORDER_MARK) ? text.substring(BYTE_ORDER_MARK.length()) : text)
        .stripLeading();
  }

  /** Whether the outermost element is that of an SVG. */
  static boolean isSvg(String begin) {
    return isElement(outermost(begin), "svg") || isElement(outermost(begin), "svg:svg");
  }

  private static String what(EncodedBytes bytes) {
    String begin = begin(bytes);
    String ofText = unquoted(begin);
    for (Beginning beginning : BEGINNINGS) {
      if (bytes.is(0, beginning.text())
          || begin.startsWith(beginning.text())
          || ofText.startsWith(beginning.text())) {
        return beginning.what();
      }
    }
    String lower = begin.toLowerCase(Locale.ROOT);
    if (HEXADECIMAL.matcher(unquoted(lower).lines().findFirst().orElse("")).matches()) {
      return "hexadecimal digits of an image; they have to be decoded first";
    }
    if (bytes.is(8, "WAVE")) {
      return "sound";
    }
    String outermost = outermost(lower);
    if (lower.startsWith("<!doctype html")
        || HTML.stream().anyMatch(name -> isElement(outermost, name))) {
      return "an HTML page, as servers send it instead of a picture";
    }
    if (lower.startsWith("<?xml") || outermost.startsWith("<") && outermost.length() > 1) {
      return isElement(outermost, "error") ? "XML, the error of an object store" : "XML";
    }
    if (begin.startsWith("{") || begin.startsWith("[")) {
      return "JSON";
    }
    if (begin.isEmpty()) {
      return "blank";
    }
    if (begin.chars().allMatch(character -> character == 0)) {
      return "zeros";
    }
    return begin.chars().limit(QUOTED).allMatch(TextContent::isPrintable)
        ? "text"
        : "something unknown";
  }

  /** Base64 as JSON has it, and in the alphabet for addresses, too. */
  private static String unquoted(String text) {
    String rest = text.startsWith("\"") || text.startsWith("'") ? text.substring(1) : text;
    return rest.startsWith("_9j_") ? rest.replace('_', '/') : rest;
  }

  private static boolean isElement(String outermost, String name) {
    return outermost.regionMatches(true, 0, "<" + name, 0, name.length() + 1)
        && (outermost.length() == name.length() + 1
            || !Character.isLetterOrDigit(outermost.charAt(name.length() + 1)));
  }

  /** The text from its first element on, behind XML's prologue. */
  private static String outermost(String text) {
    String rest = text;
    while (true) {
      String end =
          rest.startsWith("<?")
              ? "?>"
              : rest.startsWith("<!--") ? "-->" : rest.startsWith("<!") ? ">" : null;
      if (end == null) {
        return rest;
      }
      int at = rest.indexOf(end);
      if (at < 0) {
        return "";
      }
      rest = rest.substring(at + end.length()).stripLeading();
    }
  }

  private static String quoted(EncodedBytes bytes) {
    StringBuilder quoted = new StringBuilder("\"");
    String text = bytes.text(0, QUOTED);
    for (int i = 0; i < text.length(); i++) {
      char character = text.charAt(i);
      if (isPrintable(character) && character != '"' && character != '\\') {
        quoted.append(character);
      } else {
        quoted.append(String.format(Locale.ROOT, "\\x%02x", (int) character));
      }
    }
    return quoted.append('"').toString();
  }

  private static boolean isPrintable(int character) {
    return character >= ' ' && character <= '~';
  }
}
