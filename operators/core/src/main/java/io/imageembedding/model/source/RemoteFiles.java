// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.source;

import io.imageembedding.model.ModelException;
import java.io.FileNotFoundException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.commons.codec.binary.Hex;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.apache.flink.core.fs.UnsupportedFileSystemSchemeException;

/**
 * The files of a model on one of Flink's file systems: one file, a folder with all below it, or the
 * files of a checkpoint, which have a prefix in common.
 */
final class RemoteFiles {
  private static final String INDEX = ".index";

  private final String shown;
  private final FetchLimits limits;
  private final FileSystem fileSystem;
  private long end;
  private int entries;
  private final SortedMap<String, FileStatus> files = new TreeMap<>();
  private boolean isOneFile;

  private RemoteFiles(String shown, FetchLimits limits, FileSystem fileSystem) {
    this.shown = shown;
    this.limits = limits;
    this.fileSystem = fileSystem;
    startTime();
  }

  /**
   * Lists them; nothing is read yet.
   *
   * @throws ModelException if there are none, too many, it takes too long, or there is no such file
   *     system
   */
  static RemoteFiles list(String address, FetchLimits limits) {
    String shown = Address.shown(address);
    try {
      Path path = new Path(Address.uri(address));
      RemoteFiles remote = new RemoteFiles(shown, limits, FileSystem.get(path.toUri()));
      remote.find(path);
      return remote;
    } catch (UnsupportedFileSystemSchemeException e) {
      throw new ModelException(
          "model "
              + shown
              + ": Flink has no file system for "
              + Address.scheme(address)
              + ": here; needed: its jar in Flink's plugins folder",
          e);
    } catch (IOException e) {
      throw unreadable(shown, e);
    } catch (IllegalArgumentException e) {
      throw new ModelException("model " + shown + ": not an address", e);
    }
  }

  private static ModelException unreadable(String shown, IOException cause) {
    return new ModelException(
        "model "
            + shown
            + ": cannot be read ("
            + cause.getClass().getSimpleName()
            + ": "
            // It may repeat an address.
            + String.valueOf(cause.getMessage())
                .replaceAll("//[^/@\\s]*@", "//")
                .replaceAll("\\?\\S*", "")
            + ")",
        cause);
  }

  private void find(Path path) throws IOException {
    boolean isIndex = path.getName().endsWith(INDEX);
    FileStatus status = isIndex ? null : status(path);
    if (status != null && !status.isDir()) {
      isOneFile = true;
      files.put(path.getName(), status);
    } else if (status != null) {
      addBelow(status.getPath(), "", 0);
    }
    if (files.isEmpty()) {
      String name = path.getName();
      addStartingWith(
          path.getParent(),
          (isIndex ? name.substring(0, name.length() - INDEX.length()) : name) + ".");
    }
    if (files.isEmpty()) {
      throw new ModelException("model " + shown + ": there is no such file or directory");
    }
  }

  private FileStatus status(Path path) throws IOException {
    try {
      return fileSystem.getFileStatus(path);
    } catch (FileNotFoundException e) {
      return null;
    }
  }

  private void startTime() {
    end = System.nanoTime() + limits.time().toNanos();
  }

  private void requireTime() {
    if (System.nanoTime() - end >= 0) {
      throw new ModelException(
          "model "
              + shown
              + ": it takes longer than "
              + limits.time().toSeconds()
              + " s to be listed or copied");
    }
  }

  private FileStatus[] children(Path folder) throws IOException {
    requireTime();
    try {
      FileStatus[] children = fileSystem.listStatus(folder);
      return children == null ? new FileStatus[0] : children;
    } catch (FileNotFoundException e) {
      return new FileStatus[0];
    }
  }

  private void addBelow(Path folder, String prefix, int depth) throws IOException {
    if (depth > limits.depth()) {
      throw new ModelException(
          "model " + shown + ": folders deeper than " + limits.depth() + " in it");
    }
    for (FileStatus child : children(folder)) {
      String name = prefix + child.getPath().getName();
      if (child.isDir()) {
        count();
        addBelow(child.getPath(), name + "/", depth + 1);
      } else {
        add(name, child);
      }
    }
  }

  private void addStartingWith(Path folder, String prefix) throws IOException {
    if (folder == null || prefix.equals(".")) {
      return;
    }
    for (FileStatus child : children(folder)) {
      String name = child.getPath().getName();
      if (!child.isDir() && name.startsWith(prefix)) {
        add(name, child);
      }
    }
  }

  private void add(String name, FileStatus file) {
    files.put(name, file);
    count();
  }

  private void count() {
    entries++;
    if (entries > limits.entries()) {
      throw new ModelException(
          "model " + shown + ": more than " + limits.entries() + " files and folders");
    }
  }

  /** Whether it is one archive. */
  boolean isArchive() {
    return isOneFile && ArchiveFormat.isNamed(files.firstKey());
  }

  /** Changes when a file does, as far as the file system's list of files tells. */
  String fingerprint() {
    StringBuilder text = new StringBuilder();
    files.forEach(
        (name, file) ->
            text.append(name)
                .append('\0')
                .append(file.getLen())
                .append('\0')
                .append(file.getModificationTime())
                .append('\n'));
    return DigestUtils.sha256Hex(text.toString());
  }

  /**
   * Copies them into the empty folder.
   *
   * @return SHA-256 of the only file, or else of the list of files
   * @throws ModelException if they cannot be read or written, or are too large
   */
  String copy(java.nio.file.Path folder, FetchProgress progress) {
    long max = isArchive() ? limits.archiveBytes() : limits.unpackedBytes();
    long total = files.values().stream().mapToLong(FileStatus::getLen).sum();
    if (total > max) {
      throw new ModelException("model " + shown + ": it has " + total + " bytes; allowed: " + max);
    }
    BoundedFolder target = new BoundedFolder(shown, folder, limits, max);
    SortedMap<String, String> digests = new TreeMap<>();
    // Since it was listed, another task may have been waited for.
    startTime();
    try {
      for (var file : files.entrySet()) {
        MessageDigest digest = DigestUtils.getSha256Digest();
        try (InputStream in =
            new DigestInputStream(
                new ReportingStream(
                    fileSystem.open(file.getValue().getPath()),
                    progress,
                    max - target.left(),
                    total),
                digest)) {
          if (target.addFile(file.getKey(), in) != file.getValue().getLen()) {
            throw new ModelException(
                "model " + shown + ": " + file.getKey() + " changed while it was copied");
          }
        }
        digests.put(file.getKey(), Hex.encodeHexString(digest.digest()));
      }
    } catch (IOException e) {
      throw unreadable(shown, e);
    }
    return isOneFile ? digests.get(digests.firstKey()) : Digests.sha256(digests);
  }

  /** Says how far it is, and ends when the time is over. */
  private final class ReportingStream extends FilterInputStream {
    private final FetchProgress progress;
    private final long total;
    private long done;

    ReportingStream(InputStream in, FetchProgress progress, long done, long total) {
      super(in);
      this.progress = progress;
      this.done = done;
      this.total = total;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int from, int length) throws IOException {
      requireTime();
      int n = in.read(bytes, from, length);
      done += Math.max(n, 0);
      progress.report(done, total);
      return n;
    }
  }
}
