// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.fetch;

import io.imageembedding.model.ModelException;
import io.imageembedding.safety.Printable;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Enumeration;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.commons.compress.archivers.tar.TarUtils;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipFile;

/**
 * Unpacks archives that no one vouches for: plain files and folders only, no links, no devices, no
 * names that lead elsewhere, and never more bytes than the limits allow, whatever the archive says
 * about itself.
 */
final class ArchiveUnpacker {
  /** What a tar may have between two files: headers, long names, extended attributes. */
  private static final long TAR_HEADER_BYTES = 1L << 20;

  /** The list of files at the end of a zip; 10,000 of them take about 1 MB. */
  private static final long ZIP_DIRECTORY_BYTES = 8L << 20;

  private static final int UNIX_TYPE = 0170000;
  private static final int UNIX_FILE = 0100000;
  private static final int UNIX_FOLDER = 0040000;
  private static final int BUFFER = 1 << 16;

  private final String shown;
  private final FetchLimits limits;

  /**
   * @param shown the model in messages
   */
  ArchiveUnpacker(String shown, FetchLimits limits) {
    this.shown = shown;
    this.limits = limits;
  }

  /**
   * Writes the archive's files into the empty folder. After an exception the folder holds a part of
   * them and is to be thrown away.
   *
   * @throws ModelException if it is refused, damaged, or cannot be written
   */
  void unpack(Path archive, Path folder) {
    try {
      long size = Files.size(archive);
      if (size > limits.archiveBytes()) {
        throw ModelException.of(
            shown, "the archive has " + size + " bytes; allowed: " + limits.archiveBytes());
      }
      byte[] head = head(archive);
      ArchiveFormat format = ArchiveFormat.of(head);
      if (format == null) {
        throw ModelException.of(shown, "not an archive, " + ArchiveFormat.described(head));
      }
      BoundedFolder target = new BoundedFolder(shown, folder, limits, limits.unpackedBytes(size));
      if (format == ArchiveFormat.ZIP) {
        unzip(archive, target);
      } else {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(archive), BUFFER)) {
          untar(format == ArchiveFormat.TAR ? in : new GZIPInputStream(in, BUFFER), target);
        }
      }
      if (target.files() == 0) {
        throw ModelException.of(shown, "there is no file in the archive");
      }
    } catch (EOFException e) {
      throw ModelException.of(shown, "the archive is cut off", e);
    } catch (ClosedByInterruptException e) {
      throw ModelException.of(shown, "interrupted", e);
    } catch (ModelException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      // On a damaged header the libraries throw whatever comes of it.
      throw damaged(e);
    }
  }

  static byte[] head(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return in.readNBytes(ArchiveFormat.HEAD);
    }
  }

  private ModelException damaged(Exception cause) {
    Throwable root = cause;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    String why = root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
    return ModelException.of(shown, "the archive is damaged (" + Printable.line(why) + ")", cause);
  }

  private void untar(InputStream in, BoundedFolder target) throws IOException {
    MeteredStream metered = new MeteredStream(in);
    metered.requireTar();
    TarArchiveInputStream tar = new TarArchiveInputStream(metered, "UTF-8");
    for (TarArchiveEntry entry = next(tar, metered); entry != null; entry = next(tar, metered)) {
      String name = entry.getName();
      byte kind = entry.getLinkFlag();
      if (entry.isSymbolicLink() || entry.isLink()) {
        throw target.refused(name, "a link");
      }
      if (entry.isSparse()) {
        throw target.refused(name, "a sparse file");
      }
      if (entry.isDirectory()) {
        target.addFolder(name);
      } else if (kind == TarConstants.LF_NORMAL
          || kind == TarConstants.LF_OLDNORM
          || kind == TarConstants.LF_CONTIG) {
        metered.allow(Long.MAX_VALUE);
        long size = target.addFile(name, tar);
        if (size != entry.getRealSize()) {
          throw new EOFException();
        }
      } else {
        throw target.refused(name, "a device or another special file");
      }
    }
    // To its end, where gzip has its checksum.
    metered.allow(target.left());
    byte[] buffer = new byte[BUFFER];
    int n = metered.read(buffer, 0, BUFFER);
    while (n >= 0) {
      n = metered.read(buffer, 0, BUFFER);
    }
  }

  private TarArchiveEntry next(TarArchiveInputStream tar, MeteredStream metered)
      throws IOException {
    metered.allow(TAR_HEADER_BYTES);
    return tar.getNextEntry();
  }

  private void unzip(Path archive, BoundedFolder target) throws IOException {
    try (MeteredChannel channel = new MeteredChannel(Files.newByteChannel(archive));
        ZipFile zip =
            ZipFile.builder()
                .setSeekableByteChannel(channel)
                .setIgnoreLocalFileHeader(true)
                .setUseUnicodeExtraFields(false)
                .get()) {
      channel.allow(Long.MAX_VALUE);
      Enumeration<ZipArchiveEntry> entries = zip.getEntries();
      while (entries.hasMoreElements()) {
        unzip(zip, entries.nextElement(), target);
      }
    }
  }

  private void unzip(ZipFile zip, ZipArchiveEntry entry, BoundedFolder target) throws IOException {
    String name = entry.getName();
    int type = entry.getUnixMode() & UNIX_TYPE;
    if (entry.isUnixSymlink()) {
      throw target.refused(name, "a link");
    }
    if (type != 0 && type != UNIX_FILE && type != UNIX_FOLDER) {
      throw target.refused(name, "a device or another special file");
    }
    for (byte raw : entry.getRawName()) {
      // The library makes slashes of them.
      if (raw == '\\') {
        throw target.refused(name, "a backslash or control character in a name");
      }
    }
    if (entry.isDirectory()) {
      target.addFolder(name);
      return;
    }
    if (entry.getGeneralPurposeBit().usesEncryption()) {
      throw target.refused(name, "an encrypted file");
    }
    if (entry.getMethod() != ZipEntry.STORED && entry.getMethod() != ZipEntry.DEFLATED) {
      throw target.refused(name, "a compression other than deflate");
    }
    CRC32 checksum = new CRC32();
    try (InputStream in = new CheckedInputStream(zip.getInputStream(entry), checksum)) {
      long size = target.addFile(name, in);
      if (size != entry.getSize() || checksum.getValue() != entry.getCrc()) {
        throw target.refused(name, "a file of another size or checksum than the archive says");
      }
    }
  }

  /** Lets through as many bytes as were allowed. */
  private static final class MeteredStream extends FilterInputStream {
    private long allowed = TAR_HEADER_BYTES;

    MeteredStream(InputStream in) {
      super(new BufferedInputStream(in, BUFFER));
    }

    void allow(long bytes) {
      allowed = bytes;
    }

    /** A gzip may hold anything, and the tar library reads much of that as an empty tar. */
    void requireTar() throws IOException {
      in.mark(ArchiveFormat.HEAD);
      byte[] head = in.readNBytes(ArchiveFormat.HEAD);
      in.reset();
      if (head.length < ArchiveFormat.HEAD) {
        throw new EOFException();
      }
      boolean isTar;
      try {
        isTar = TarUtils.verifyCheckSum(head);
      } catch (IllegalArgumentException e) {
        isTar = false;
      }
      if (!isTar) {
        throw new IOException("there is no tar in it");
      }
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int from, int length) throws IOException {
      int n = in.read(bytes, from, (int) Math.min(length, Math.max(allowed, 1)));
      allowed -= Math.max(n, 0);
      if (allowed < 0) {
        throw new IOException("too much between its files");
      }
      return n;
    }

    @Override
    public long skip(long bytes) throws IOException {
      // Read, so as to be counted.
      return Math.max(0, read(new byte[(int) Math.min(bytes, BUFFER)]));
    }
  }

  /** Lets through as many bytes as were allowed. */
  private static final class MeteredChannel implements SeekableByteChannel {
    private final SeekableByteChannel channel;
    private long allowed = ZIP_DIRECTORY_BYTES;

    MeteredChannel(SeekableByteChannel channel) {
      this.channel = channel;
    }

    void allow(long bytes) {
      allowed = bytes;
    }

    @Override
    public int read(ByteBuffer bytes) throws IOException {
      int n = channel.read(bytes);
      allowed -= Math.max(n, 0);
      if (allowed < 0) {
        throw new IOException("its list of files is too long");
      }
      return n;
    }

    @Override
    public int write(ByteBuffer bytes) {
      throw new UnsupportedOperationException();
    }

    @Override
    public long position() throws IOException {
      return channel.position();
    }

    @Override
    public SeekableByteChannel position(long position) throws IOException {
      channel.position(position);
      return this;
    }

    @Override
    public long size() throws IOException {
      return channel.size();
    }

    @Override
    public SeekableByteChannel truncate(long size) {
      throw new UnsupportedOperationException();
    }

    @Override
    public boolean isOpen() {
      return channel.isOpen();
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}
