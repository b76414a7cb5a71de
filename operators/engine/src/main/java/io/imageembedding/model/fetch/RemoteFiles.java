// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.fetch;

import io.imageembedding.model.ModelException;
import io.imageembedding.model.fetch.RemoteFileSystem.Entry;
import io.imageembedding.model.fetch.RemoteFileSystem.Provider;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * The files of a model on a file system of elsewhere: one file, a folder with all below it, or the
 * files of a checkpoint, which have a prefix in common.
 */
final class RemoteFiles {
  private static final String INDEX = ".index";

  private final String shown;
  private final FetchLimits limits;
  private final RemoteFileSystem fileSystem;
  private long end;
  private int entries;
  private final SortedMap<String, Entry> files = new TreeMap<>();
  private boolean isOneFile;

  private RemoteFiles(String shown, FetchLimits limits, RemoteFileSystem fileSystem) {
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
    URI uri = Address.uri(address);
    try {
      RemoteFiles remote = new RemoteFiles(shown, limits, fileSystem(shown, uri));
      remote.find(uri);
      return remote;
    } catch (IOException e) {
      throw unreadable(shown, e);
    } catch (IllegalArgumentException e) {
      throw ModelException.of(shown, "not an address", e);
    }
  }

  private static ModelException unreadable(String shown, IOException cause) {
    return ModelException.of(
        shown,
        "cannot be read ("
            + cause.getClass().getSimpleName()
            + ": "
            // It may repeat an address.
            + String.valueOf(cause.getMessage())
                .replaceAll("//[^/@\\s]*@", "//")
                .replaceAll("\\?\\S*", "")
            + ")",
        cause);
  }

  private void startTime() {
    end = System.nanoTime() + limits.time().toNanos();
  }

  private void requireTime() {
    if (System.nanoTime() - end >= 0) {
      throw ModelException.of(
          shown, "it takes longer than " + limits.time().toSeconds() + " s to be listed or copied");
    }
  }

  private List<Entry> children(URI folder) throws IOException {
    requireTime();
    return fileSystem.children(folder);
  }

  private static RemoteFileSystem fileSystem(String shown, URI uri) throws IOException {
    // Not the thread's class loader: on a cluster all of this is in the job's jar.
    List<Provider> providers =
        ServiceLoader.load(Provider.class, RemoteFiles.class.getClassLoader()).stream()
            .map(ServiceLoader.Provider::get)
            .toList();
    for (Provider provider : providers) {
      Optional<RemoteFileSystem> found = provider.of(uri);
      if (found.isPresent()) {
        return found.get();
      }
    }
    throw ModelException.of(
        shown,
        (providers.isEmpty() ? "there is" : providers.get(0).name() + " has")
            + " no file system for "
            + Address.scheme(uri.toString())
            + ": here; needed: "
            + (providers.isEmpty()
                ? "image-embedding-core and Flink on the class path"
                : providers.get(0).remedy()));
  }

  private void find(URI uri) throws IOException {
    String path = String.valueOf(uri.getPath()).replaceFirst("/+$", "");
    String name = path.substring(path.lastIndexOf('/') + 1);
    boolean isIndex = name.endsWith(INDEX);
    Entry entry = isIndex ? null : fileSystem.find(uri).orElse(null);
    if (entry != null && !entry.isFolder()) {
      isOneFile = true;
      files.put(entry.name(), entry);
    } else if (entry != null) {
      addBelow(entry.address(), "", 0);
    }
    if (files.isEmpty() && !name.isEmpty()) {
      addStartingWith(
          at(uri, path.substring(0, path.length() - name.length())),
          (isIndex ? name.substring(0, name.length() - INDEX.length()) : name) + ".");
    }
    if (files.isEmpty()) {
      throw ModelException.of(shown, "there is no such file or directory");
    }
  }

  private static URI at(URI uri, String path) {
    try {
      return new URI(uri.getScheme(), uri.getAuthority(), path.isEmpty() ? "/" : path, null, null);
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private void addBelow(URI folder, String prefix, int depth) throws IOException {
    if (depth > limits.depth()) {
      throw ModelException.of(shown, "folders deeper than " + limits.depth() + " in it");
    }
    for (Entry child : children(folder)) {
      String name = prefix + child.name();
      if (child.isFolder()) {
        count();
        addBelow(child.address(), name + "/", depth + 1);
      } else {
        add(name, child);
      }
    }
  }

  private void addStartingWith(URI folder, String prefix) throws IOException {
    if (prefix.equals(".")) {
      return;
    }
    for (Entry child : children(folder)) {
      String name = child.name();
      if (!child.isFolder() && name.startsWith(prefix)) {
        add(name, child);
      }
    }
  }

  private void add(String name, Entry file) {
    files.put(name, file);
    count();
  }

  private void count() {
    entries++;
    if (entries > limits.entries()) {
      throw ModelException.of(shown, "more than " + limits.entries() + " files and folders");
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
                .append(file.length())
                .append('\0')
                .append(file.modified())
                .append('\n'));
    return DigestUtils.sha256Hex(text.toString());
  }

  /**
   * Copies them into the empty folder.
   *
   * @return SHA-256 of the only file, or else of the list of files
   * @throws ModelException if they cannot be read or written, or are too large
   */
  String copy(Path folder, FetchProgress progress) {
    long max = isArchive() ? limits.archiveBytes() : limits.unpackedBytes();
    long total = files.values().stream().mapToLong(Entry::length).sum();
    if (total > max) {
      throw ModelException.of(shown, "it has " + total + " bytes; allowed: " + max);
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
                    fileSystem.open(file.getValue().address()),
                    progress,
                    max - target.left(),
                    total),
                digest)) {
          if (target.addFile(file.getKey(), in) != file.getValue().length()) {
            throw ModelException.of(shown, file.getKey() + " changed while it was copied");
          }
        }
        digests.put(file.getKey(), HexFormat.of().formatHex(digest.digest()));
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
