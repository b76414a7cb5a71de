// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.fetch;

import io.imageembedding.model.ModelException;
import io.imageembedding.safety.FileTrees;
import io.imageembedding.safety.PrivateFiles;
import java.io.IOException;
import java.io.Reader;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Models in a folder that tasks and processes of one user share. An entry is there whole or not at
 * all, and never changes.
 *
 * <pre>
 * &lt;sha256&gt;/              an entry: the files of a model
 * &lt;sha256&gt;.properties    where it came from, when, and the SHA-256 of its files
 * &lt;key&gt;.name             which entry an address led to
 * &lt;key&gt;.lock             held while something is fetched for the key; stays
 * &lt;key&gt;.&lt;uuid&gt;.tmp      what is being fetched, or is left of a process that was killed
 * </pre>
 */
final class ModelCache {
  /** Names the folder. */
  static final String ENVIRONMENT = "IMAGE_EMBEDDING_CACHE";

  private static final Logger LOG = LoggerFactory.getLogger(ModelCache.class);
  private static final String FOLDER = "image-embedding";
  private static final String DESCRIPTION = ".properties";

  /** SHA-256 of the list of an entry's files. */
  private static final String FILES = "files";

  private static final Pattern ENTRY = Pattern.compile("[0-9a-f]{64}");
  private static final Pattern LEFTOVER = Pattern.compile("([a-z0-9-]+)\\.[0-9a-f-]{36}\\.tmp");

  private final Path root;
  private final List<Path> readable;
  private final Duration longest;

  /** What an address led to when it was last fetched. */
  record Named(String sha256, String fingerprint) {}

  /**
   * @param root exists and can be written
   * @param readOnly also looked at, null if there is none
   */
  ModelCache(Path root, Path readOnly) {
    this(root, readOnly, FetchLimits.LONGEST_WAIT);
  }

  /**
   * The same.
   *
   * @param longest for which others are waited for that write an entry
   */
  ModelCache(Path root, Path readOnly, Duration longest) {
    this.longest = longest;
    this.root = root.toAbsolutePath().normalize();
    this.readable = readOnly == null ? List.of(this.root) : List.of(this.root, readOnly);
  }

  /**
   * The cache that the environment names, else {@code image-embedding} below {@code
   * $XDG_CACHE_HOME} or {@code ~/.cache}; where that cannot be written, one in the folder for
   * temporary files, and what is in the other is still found.
   */
  static ModelCache open(Map<String, String> environment, String home, Path temporary) {
    Path wanted = wanted(environment, home);
    if (wanted != null && canWrite(wanted)) {
      return new ModelCache(wanted, null);
    }
    Path fallback = fallback(temporary);
    LOG.warn("the cache {} cannot be written; {} is used", wanted, fallback);
    return new ModelCache(fallback, wanted);
  }

  private static Path wanted(Map<String, String> environment, String home) {
    String named = environment.getOrDefault(ENVIRONMENT, "");
    if (!named.isBlank()) {
      return Path.of(named).toAbsolutePath();
    }
    String xdg = environment.getOrDefault("XDG_CACHE_HOME", "");
    if (!xdg.isBlank() && Path.of(xdg).isAbsolute()) {
      return Path.of(xdg, FOLDER);
    }
    // The JVM says "?" where the user has no home.
    return home == null || home.isBlank() || home.equals("?")
        ? null
        : Path.of(home, ".cache", FOLDER);
  }

  private static boolean canWrite(Path folder) {
    try {
      PrivateFiles.createFolder(folder);
    } catch (IOException e) {
      return false;
    }
    return Files.isDirectory(folder) && Files.isWritable(folder);
  }

  /** In a folder that others can write, only what is ours is to be trusted. */
  private static Path fallback(Path temporary) {
    Path folder = temporary.resolve(FOLDER + "-" + System.getProperty("user.name"));
    try {
      PrivateFiles.createFolder(folder);
      Path probe = Files.createTempFile(temporary, FOLDER, ".probe");
      try {
        if (Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)
            && Files.isWritable(folder)
            && Files.getOwner(folder).equals(Files.getOwner(probe))) {
          return folder;
        }
      } finally {
        Files.delete(probe);
      }
      return Files.createTempDirectory(temporary, FOLDER);
    } catch (IOException e) {
      throw new ModelException(
          "there is no folder for the cache of models: "
              + temporary
              + " cannot be written; set "
              + ENVIRONMENT,
          e);
    }
  }

  Path root() {
    return root;
  }

  /**
   * The entry, if its files are those that were stored.
   *
   * @param pinned whether an entry of an earlier version, which did not write down what its files
   *     were, is not to be trusted
   */
  Optional<CachedModel> find(String sha256, boolean pinned) {
    for (Path folder : readable) {
      Path entry = folder.resolve(sha256);
      if (Storage.isFilled(entry) && isAsStored(entry, pinned)) {
        return Optional.of(described(entry));
      }
    }
    return Optional.empty();
  }

  private static boolean isAsStored(Path entry, boolean pinned) {
    try {
      String stored =
          read(entry.resolveSibling(entry.getFileName() + DESCRIPTION)).getProperty(FILES);
      if (stored == null) {
        return !pinned;
      }
      boolean same = stored.equals(Digests.ofFilesBelow(entry));
      if (!same) {
        LOG.warn("the files in {} were changed after they were stored; they are not used", entry);
      }
      return same;
    } catch (IOException e) {
      throw new ModelException("the cache " + entry + " cannot be read", e);
    }
  }

  List<CachedModel> list() {
    List<CachedModel> models = new ArrayList<>();
    for (Path folder : readable) {
      if (!Files.isDirectory(folder)) {
        continue;
      }
      try (Stream<Path> children = Files.list(folder)) {
        children
            .filter(child -> ENTRY.matcher(child.getFileName().toString()).matches())
            .filter(Storage::isFilled)
            .sorted()
            .forEach(entry -> models.add(described(entry)));
      } catch (IOException e) {
        throw new ModelException("the cache " + folder + " cannot be read", e);
      }
    }
    return models;
  }

  private static CachedModel described(Path entry) {
    String sha256 = entry.getFileName().toString();
    try {
      Properties properties = read(entry.resolveSibling(sha256 + DESCRIPTION));
      return new CachedModel(
          properties.getProperty("origin", "?"),
          sha256,
          Storage.size(entry),
          ModelFolder.resolve(entry),
          time(properties, entry));
    } catch (IOException e) {
      throw new ModelException("the cache " + entry + " cannot be read", e);
    }
  }

  private static Instant time(Properties properties, Path entry) throws IOException {
    try {
      return Instant.parse(properties.getProperty("time", ""));
    } catch (DateTimeException e) {
      return Files.getLastModifiedTime(entry).toInstant();
    }
  }

  private static Properties read(Path file) throws IOException {
    Properties properties = new Properties();
    if (Files.isRegularFile(file)) {
      try (Reader in = Files.newBufferedReader(file)) {
        properties.load(in);
      } catch (IllegalArgumentException e) {
        throw new IOException(file + " is damaged", e);
      }
    }
    return properties;
  }

  private static String text(Map<String, String> values) throws IOException {
    Properties properties = new Properties();
    properties.putAll(values);
    StringWriter text = new StringWriter();
    properties.store(text, null);
    return text.toString();
  }

  /** The key of an address; no address stands in a name or a file, for it may hold a secret. */
  static String key(String kind, String address) {
    return kind + "-" + DigestUtils.sha256Hex(address);
  }

  Optional<Named> named(String key) {
    for (Path folder : readable) {
      try {
        Properties properties = read(folder.resolve(key + ".name"));
        String sha256 = properties.getProperty("sha256", "");
        if (ENTRY.matcher(sha256).matches()) {
          return Optional.of(new Named(sha256, properties.getProperty("fingerprint", "")));
        }
      } catch (IOException e) {
        LOG.warn("{} in {} cannot be read: {}", key, folder, e.toString());
      }
    }
    return Optional.empty();
  }

  void name(String key, String shown, Named named) {
    Path file = root.resolve(key + ".name");
    try {
      Storage.write(
          file,
          temporary(key),
          text(
              Map.of(
                  "sha256", named.sha256(),
                  "fingerprint", named.fingerprint(),
                  "origin", shown)));
    } catch (IOException e) {
      throw Storage.failure(shown, file, e);
    }
  }

  /**
   * Waits until no one else in any process of this machine holds it.
   *
   * @throws ModelException if that takes too long, the thread is interrupted, or the file system
   *     has no locks
   */
  EntryLock lock(String key, String shown) {
    Path file = root.resolve(key + ".lock");
    try {
      return EntryLock.acquire(file, longest);
    } catch (IOException e) {
      throw Storage.failure(shown, file, e);
    } catch (TimeoutException e) {
      throw ModelException.of(
          shown,
          "another task or process has held %s for %s, which is the limit; 'fuser %s'"
                  .formatted(file, Storage.inWords(longest), file)
              + " tells which process that is",
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw ModelException.of(shown, "interrupted while another task or process fetches it", e);
    }
  }

  /**
   * A new folder to fetch into; the caller holds the lock of the key and deletes it. What killed
   * processes left behind is deleted before.
   */
  Path newWork(String key, String shown) {
    Path work = temporary(key);
    try {
      deleteLeftovers(key);
      return PrivateFiles.createFolder(work);
    } catch (IOException e) {
      throw Storage.failure(shown, work, e);
    }
  }

  private Path temporary(String key) {
    return root.resolve(key + "." + UUID.randomUUID() + ".tmp");
  }

  /**
   * @param held key of which this thread holds the lock
   */
  private void deleteLeftovers(String held) throws IOException {
    List<Path> children;
    try (Stream<Path> list = Files.list(root)) {
      children = list.toList();
    }
    for (Path child : children) {
      Matcher leftover = LEFTOVER.matcher(child.getFileName().toString());
      if (!leftover.matches()) {
        continue;
      }
      String key = leftover.group(1);
      if (key.equals(held)) {
        FileTrees.discard(child);
        continue;
      }
      Optional<EntryLock> lock = EntryLock.tryAcquire(root.resolve(key + ".lock"));
      if (lock.isPresent()) {
        try (EntryLock alone = lock.get()) {
          FileTrees.discard(child);
        }
      }
    }
  }

  /**
   * The entry; made if there is none yet.
   *
   * @param origin shown where it came from
   * @param fill writes the model's files into an empty folder
   * @throws ModelException of {@code fill}, or if the disk is full; then there is no entry
   */
  CachedModel store(String sha256, String origin, Consumer<Path> fill) {
    Path entry = root.resolve(sha256);
    try (EntryLock lock = lock(sha256, origin)) {
      Optional<CachedModel> found = find(sha256, true);
      if (found.isPresent()) {
        return found.get();
      }
      Path work = newWork(sha256, origin);
      try {
        Path content = Files.createDirectory(work.resolve("content"));
        fill.accept(content);
        PrivateFiles.close(content);
        if (Storage.isFilled(entry)) {
          Files.move(entry, work.resolve("changed"), StandardCopyOption.ATOMIC_MOVE);
        }
        Storage.write(
            root.resolve(sha256 + DESCRIPTION),
            work.resolve("properties"),
            text(
                Map.of(
                    "origin",
                    origin,
                    "time",
                    Instant.now().toString(),
                    FILES,
                    Digests.ofFilesBelow(content))));
        Storage.publish(content, entry);
        return described(entry);
      } finally {
        FileTrees.discard(work);
      }
    } catch (IOException e) {
      throw Storage.failure(origin, entry, e);
    }
  }
}
