// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.fetch;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;

/** Archives, well-behaved and other. */
final class TestingArchive {
  /** Files of a SavedModel, as far as fetching it is concerned. */
  static final Map<String, String> MODEL =
      Map.of("saved_model.pb", "graph", "variables/variables.index", "index");

  @FunctionalInterface
  interface Writer<T> {
    void write(T out) throws IOException;
  }

  private TestingArchive() {}

  static byte[] model() {
    return gzip(tar(MODEL));
  }

  static byte[] tar(Map<String, String> files) {
    return tar(
        out -> {
          for (var file : files.entrySet()) {
            file(out, file.getKey(), file.getValue().getBytes(StandardCharsets.UTF_8));
          }
        });
  }

  static byte[] tar(Writer<TarArchiveOutputStream> writer) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (TarArchiveOutputStream out = new TarArchiveOutputStream(bytes, "UTF-8")) {
      out.setLongFileMode(TarArchiveOutputStream.LONGFILE_GNU);
      writer.write(out);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return bytes.toByteArray();
  }

  static void file(TarArchiveOutputStream out, String name, byte[] content) throws IOException {
    entry(out, name, TarConstants.LF_NORMAL, "", content);
  }

  static void entry(
      TarArchiveOutputStream out, String name, byte kind, String linkTo, byte[] content)
      throws IOException {
    TarArchiveEntry entry = new TarArchiveEntry(name, kind, true);
    entry.setLinkName(linkTo);
    entry.setSize(content.length);
    out.putArchiveEntry(entry);
    out.write(content);
    out.closeArchiveEntry();
  }

  static byte[] gzip(byte[] content) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream out = new GZIPOutputStream(bytes)) {
      out.write(content);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return bytes.toByteArray();
  }

  static byte[] zip(Map<String, String> files) {
    return zip(
        out -> {
          for (var file : files.entrySet()) {
            file(out, file.getKey(), 0, file.getValue().getBytes(StandardCharsets.UTF_8));
          }
        });
  }

  static byte[] zip(Writer<ZipArchiveOutputStream> writer) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipArchiveOutputStream out = new ZipArchiveOutputStream(bytes)) {
      writer.write(out);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return bytes.toByteArray();
  }

  static void file(ZipArchiveOutputStream out, String name, int unixMode, byte[] content)
      throws IOException {
    ZipArchiveEntry entry = new ZipArchiveEntry(name);
    if (unixMode != 0) {
      entry.setUnixMode(unixMode);
    }
    out.putArchiveEntry(entry);
    out.write(content);
    out.closeArchiveEntry();
  }
}
