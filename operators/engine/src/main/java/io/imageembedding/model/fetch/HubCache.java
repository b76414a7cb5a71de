// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.fetch;

import io.imageembedding.model.ModelException;
import io.imageembedding.safety.FileTrees;
import io.imageembedding.safety.Printable;
import io.imageembedding.safety.PrivateFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The cache of Python's tensorflow_hub (0.16), which it finds by {@code TFHUB_CACHE_DIR}: what one
 * of the two has fetched, the other uses, and they do not fetch at the same time.
 *
 * <pre>
 * &lt;sha1 of the handle&gt;/                  the files of the module
 * &lt;sha1 of the handle&gt;.descriptor.txt    the handle, and who fetched it when
 * &lt;sha1 of the handle&gt;.lock              host.pid.uuid of who is fetching it
 * &lt;sha1 of the handle&gt;.&lt;uuid&gt;.tmp/       what is being fetched
 * </pre>
 */
final class HubCache {
  /** Names the folder. */
  static final String ENVIRONMENT = "TFHUB_CACHE_DIR";

  /** A lock is broken when what its owner fetches has not grown for so long. */
  static final Duration STALE = Duration.ofMinutes(10);

  private static final Logger LOG = LoggerFactory.getLogger(HubCache.class);
  private static final String DESCRIPTOR = ".descriptor.txt";
  private static final Pattern DESCRIPTOR_NAME =
      Pattern.compile("([0-9a-f]{40})\\.descriptor\\.txt");
  private static final Pattern LEFTOVER = Pattern.compile("[0-9a-f]{40}\\.[0-9a-f]{32}\\.tmp");
  private static final Pattern OWNER = Pattern.compile("(.+)\\.(\\d+)\\.([0-9a-f]+)");
  private static final Pattern HANDLE = Pattern.compile("(?m)^Module: (.*)$");

  /** Lines that tensorflow_hub does not write; it never reads the file. */
  private static final Pattern SHA256 = Pattern.compile("(?m)^SHA-256 of archive: ([0-9a-f]{64})$");

  private static final Pattern FILES = Pattern.compile("(?m)^SHA-256 of files: ([0-9a-f]{64})$");

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSSSSS", Locale.ROOT);

  private final Path root;
  private final Duration stale;
  private final Duration poll;
  private final Duration longest;

  /**
   * @param stale after which a lock without progress is broken
   * @param poll how often a lock of someone else is looked at
   * @param longest for which a lock of someone else is waited for in all
   */
  HubCache(Path root, Duration stale, Duration poll, Duration longest) {
    this.root = root.toAbsolutePath().normalize();
    this.stale = stale;
    this.poll = poll;
    this.longest = longest;
  }

  /** Downloads the archive into the folder and unpacks it into its {@code content}. */
  @FunctionalInterface
  interface Fetch {
    /**
     * @return SHA-256 of the archive
     */
    String into(Path archive, Path content);
  }

  Path folder(String handle) {
    return root.resolve(DigestUtils.sha1Hex(handle));
  }

  Optional<CachedModel> find(String handle) {
    Path folder = folder(handle);
    return Storage.isFilled(folder) ? Optional.of(described(folder, handle)) : Optional.empty();
  }

  /** Whether the module's files are those that we fetched; not known of what others fetched. */
  boolean isAsFetched(String handle) {
    Path folder = folder(handle);
    try {
      Path descriptor = sibling(folder, DESCRIPTOR);
      Matcher files =
          FILES.matcher(Files.isRegularFile(descriptor) ? Files.readString(descriptor) : "");
      return files.find() && files.group(1).equals(Digests.ofFilesBelow(folder));
    } catch (IOException e) {
      throw new ModelException("the cache " + folder + " cannot be read", e);
    }
  }

  /** Whether something can be fetched into it. */
  boolean isWritable() {
    try {
      PrivateFiles.createFolder(root);
    } catch (IOException e) {
      return false;
    }
    return Files.isWritable(root);
  }

  List<CachedModel> list() {
    List<CachedModel> models = new ArrayList<>();
    if (!Files.isDirectory(root)) {
      return models;
    }
    try (Stream<Path> children = Files.list(root)) {
      for (Path child : (Iterable<Path>) children.sorted()::iterator) {
        Matcher name = DESCRIPTOR_NAME.matcher(child.getFileName().toString());
        if (name.matches() && Storage.isFilled(root.resolve(name.group(1)))) {
          models.add(described(root.resolve(name.group(1)), "?"));
        }
      }
    } catch (IOException e) {
      throw new ModelException("the cache " + root + " cannot be read", e);
    }
    return models;
  }

  private CachedModel described(Path folder, String handle) {
    Path descriptor = root.resolve(folder.getFileName() + DESCRIPTOR);
    try {
      boolean isThere = Files.isRegularFile(descriptor);
      String text = isThere ? Files.readString(descriptor) : "";
      Matcher named = HANDLE.matcher(text);
      Matcher sha256 = SHA256.matcher(text);
      return new CachedModel(
          Address.shown(named.find() ? named.group(1) : handle),
          sha256.find() ? sha256.group(1) : null,
          Storage.size(folder),
          ModelFolder.resolve(folder),
          Files.getLastModifiedTime(isThere ? descriptor : folder).toInstant());
    } catch (IOException e) {
      throw new ModelException("the cache " + folder + " cannot be read", e);
    }
  }

  /**
   * The module, fetched if it is not there.
   *
   * @param shown the model in messages
   * @throws ModelException of {@code fetch}, or if the cache cannot be written, or someone else
   *     does not come to an end with it; then there is no module
   */
  CachedModel fetch(String handle, String shown, Fetch fetch) {
    Path folder = folder(handle);
    Path lock = sibling(folder, ".lock");
    String uuid = UUID.randomUUID().toString().replace("-", "");
    String owner = host() + "." + ProcessHandle.current().pid() + "." + uuid;
    Path work = sibling(folder, "." + uuid + ".tmp");
    long end = System.nanoTime() + longest.toNanos();
    try {
      while (!create(lock, owner)) {
        waitFor(lock, folder, shown, end);
        if (Storage.isFilled(folder)) {
          return described(folder, handle);
        }
      }
      if (Storage.isFilled(folder)) {
        return described(folder, handle);
      }
      deleteLeftovers();
      Files.deleteIfExists(folder);
      Files.createDirectory(work);
      // The archive lies in the folder of which the others watch the size.
      Path content = Files.createDirectory(work.resolve("content"));
      String sha256 = fetch.into(work.resolve("archive"), content);
      Storage.write(
          root.resolve(folder.getFileName() + DESCRIPTOR),
          work.resolve("descriptor"),
          descriptor(handle, sha256, Digests.ofFilesBelow(content)));
      if (!Storage.publish(content, folder)) {
        LOG.info("model {}: someone else was faster", shown);
      }
      return described(folder, handle);
    } catch (IOException e) {
      throw Storage.failure(shown, folder, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw ModelException.of(shown, "interrupted while another process fetches it", e);
    } finally {
      FileTrees.discard(work);
      release(lock, owner);
    }
  }

  private static Path sibling(Path folder, String end) {
    return folder.resolveSibling(folder.getFileName() + end);
  }

  private static String descriptor(String handle, String sha256, String files) {
    return "Module: "
        + handle
        + "\nDownload Time: "
        + TIME.format(LocalDateTime.now())
        + "\nDownloader Hostname: "
        + host()
        + " (PID:"
        + ProcessHandle.current().pid()
        + ")\nSHA-256 of archive: "
        + sha256
        + "\nSHA-256 of files: "
        + files;
  }

  private static String host() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "localhost";
    }
  }

  private static boolean create(Path lock, String owner) throws IOException {
    try {
      Files.writeString(lock, owner, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      return true;
    } catch (FileAlreadyExistsException e) {
      return false;
    }
  }

  private static void release(Path lock, String owner) {
    try {
      if (owner.equals(read(lock))) {
        Files.deleteIfExists(lock);
      }
    } catch (IOException e) {
      LOG.warn("{} cannot be deleted: {}", lock, e.toString());
    }
  }

  /** Empty if it is gone. */
  private static String read(Path lock) throws IOException {
    try {
      return new String(Files.readAllBytes(lock), StandardCharsets.UTF_8);
    } catch (NoSuchFileException e) {
      return "";
    }
  }

  /** Waits until the lock is gone, and breaks it if its owner is dead or makes no progress. */
  private void waitFor(Path lock, Path folder, String shown, long end)
      throws IOException, InterruptedException {
    String owner = "";
    long size = -1;
    long since = System.nanoTime();
    LOG.info("model {}: being fetched by another process; waiting", shown);
    while (Files.exists(lock)) {
      String ownerNow = read(lock);
      Matcher parts = OWNER.matcher(ownerNow);
      long sizeNow = parts.matches() ? sizeOf(sibling(folder, "." + parts.group(3) + ".tmp")) : 0;
      if (!ownerNow.equals(owner) || sizeNow != size) {
        owner = ownerNow;
        size = sizeNow;
        since = System.nanoTime();
      }
      boolean isStale = System.nanoTime() - since > stale.toNanos();
      if (isStale || parts.matches() && isDead(parts.group(1), parts.group(2))) {
        // If it is alive after all, both fetch, each into its own folder, and the first one wins.
        LOG.warn("model {}: the lock {} is broken, its owner is gone", shown, lock);
        Files.deleteIfExists(lock);
        return;
      }
      if (System.nanoTime() - end > 0) {
        throw ModelException.of(
            shown,
            "%s has been fetching it for %s, which is the limit; see whether it goes on,"
                    .formatted(
                        ownerNow.isBlank() ? "someone" : Printable.line(ownerNow),
                        Storage.inWords(longest))
                + " and else end it and delete "
                + lock);
      }
      Thread.sleep(poll.toMillis());
    }
  }

  private static boolean isDead(String host, String pid) {
    try {
      return host.equals(host()) && ProcessHandle.of(Long.parseLong(pid)).isEmpty();
    } catch (NumberFormatException e) {
      return false;
    }
  }

  private static long sizeOf(Path folder) {
    try {
      return Files.exists(folder) ? Storage.size(folder) : 0;
    } catch (IOException | UncheckedIOException e) {
      // Files come and go while it is looked at.
      return -1;
    }
  }

  /** What killed processes left behind, once it has not grown for long enough. */
  private void deleteLeftovers() throws IOException {
    List<Path> children;
    try (Stream<Path> list = Files.list(root)) {
      children = list.toList();
    }
    long before = System.currentTimeMillis() - stale.toMillis();
    for (Path child : children) {
      if (LEFTOVER.matcher(child.getFileName().toString()).matches() && lastGrown(child) < before) {
        FileTrees.discard(child);
      }
    }
  }

  private static long lastGrown(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      long last = 0;
      for (Path file : (Iterable<Path>) files::iterator) {
        last = Math.max(last, Files.getLastModifiedTime(file).toMillis());
      }
      return last;
    } catch (IOException | UncheckedIOException e) {
      return Long.MAX_VALUE;
    }
  }
}
