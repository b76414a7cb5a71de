// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.fetch;

import io.imageembedding.annotation.Internal;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.fetch.ModelCache.Named;
import io.imageembedding.safety.FileTrees;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes files of this machine of what a text names, by way of a cache:
 *
 * <ul>
 *   <li>a path or {@code file:} URI is what it is, only archives ({@code .tar.gz}, {@code .tgz},
 *       {@code .tar}, {@code .zip}) are unpacked;
 *   <li>a URI of another of Flink's file systems ({@code s3:}, {@code hdfs:} …) of a folder, an
 *       archive, a file, or the prefix of a checkpoint's files is copied;
 *   <li>an {@code https:} URL of an archive or a {@code .pb} file is downloaded;
 *   <li>any other {@code https:} URL is a TensorFlow Hub or Kaggle handle, and its archive is
 *       downloaded, or taken from {@code TFHUB_CACHE_DIR}, which is shared with Python's
 *       tensorflow_hub.
 * </ul>
 *
 * <p>Plain {@code http:} is for localhost. The cache is {@code IMAGE_EMBEDDING_CACHE}, else {@code
 * $XDG_CACHE_HOME/image-embedding}, else {@code ~/.cache/image-embedding}. Tasks and processes may
 * fetch the same at once; one that fails or is killed leaves no model behind, and no model is ever
 * seen in parts. Failures are {@link ModelException}s.
 */
@Internal
public final class ModelFetcher {
  private static final Logger LOG = LoggerFactory.getLogger(ModelFetcher.class);
  private static final String GRAPH = ".pb";
  private static final String COMPRESSED = "tf-hub-format=compressed";

  private final ModelCache cache;
  private final HubCache hub;
  private final HttpDownload http;
  private final FetchLimits limits;
  private final FetchProgress progress;

  /**
   * @param hub null if there is none
   */
  ModelFetcher(
      ModelCache cache,
      HubCache hub,
      HttpDownload http,
      FetchLimits limits,
      FetchProgress progress) {
    this.cache = cache;
    this.hub = hub;
    this.http = http;
    this.limits = limits;
    this.progress = progress;
  }

  /**
   * The file, the folder, or the prefix of a checkpoint's files that the text names.
   *
   * @param sha256 that the archive, the file, or the list of files must have; null for any. With it
   *     a model that is in the cache is used without asking the network
   * @throws ModelException if it cannot be had or has another SHA-256
   */
  public static Path fetch(String text, String sha256) {
    return fromEnvironment(FetchProgress.NONE).get(text, Digests.parse(sha256), false).path();
  }

  /**
   * As {@link #fetch(String, String)}, and says what it came as, where that is known without
   * reading all of it.
   */
  public static CachedModel cached(String text, String sha256) {
    return fromEnvironment(FetchProgress.NONE).get(text, Digests.parse(sha256), false);
  }

  /** SHA-256 of the file, of the list of files in the folder, or of those of the checkpoint. */
  public static String digest(String path) {
    return fromEnvironment(FetchProgress.NONE).get(path, null, true).sha256();
  }

  /** As {@link #fetch(String, String)}, and says more about it. */
  public static CachedModel fetch(String text, String sha256, FetchProgress progress) {
    return fromEnvironment(progress).get(text, Digests.parse(sha256), true);
  }

  /** Whether the text names something that is fetched or unpacked before it can be used. */
  public static boolean isRemoteOrArchive(String text) {
    String scheme = Address.scheme(text);
    return scheme != null && !scheme.equals("file")
        || ArchiveFormat.isNamed(text) && !Files.isDirectory(path(text));
  }

  /** What is in the caches: the own one, and that of {@code TFHUB_CACHE_DIR}. */
  public static List<CachedModel> list() {
    return fromEnvironment(FetchProgress.NONE).all();
  }

  private static ModelFetcher fromEnvironment(FetchProgress progress) {
    Map<String, String> environment = System.getenv();
    String hubFolder = environment.getOrDefault(HubCache.ENVIRONMENT, "");
    return new ModelFetcher(
        ModelCache.open(
            environment,
            System.getProperty("user.home"),
            Path.of(System.getProperty("java.io.tmpdir"))),
        hubFolder.isBlank()
            ? null
            : new HubCache(
                Path.of(hubFolder),
                HubCache.STALE,
                Duration.ofSeconds(1),
                FetchLimits.LONGEST_WAIT),
        new HttpDownload(
            environment,
            HttpDownload.Patience.DEFAULT,
            FetchLimits.DEFAULT.archiveBytes(),
            progress),
        FetchLimits.DEFAULT,
        progress);
  }

  List<CachedModel> all() {
    List<CachedModel> models = new ArrayList<>(cache.list());
    if (hub != null) {
      models.addAll(hub.list());
    }
    return models;
  }

  /**
   * @param pinned in lower case, or null
   * @param digested whether the SHA-256 is wanted also where it is not needed
   */
  CachedModel get(String text, String pinned, boolean digested) {
    String scheme = Address.scheme(text);
    if (scheme == null || scheme.equals("file")) {
      return local(path(text), pinned, digested || pinned != null);
    }
    if (pinned != null) {
      Optional<CachedModel> found = cache.find(pinned, true);
      if (found.isPresent()) {
        return found.get();
      }
    }
    return Address.isWeb(text) ? web(text, pinned) : remote(text, pinned);
  }

  private static Path path(String text) {
    try {
      return (text.startsWith("file:") ? Path.of(URI.create(text)) : Path.of(text))
          .toAbsolutePath()
          .normalize();
    } catch (IllegalArgumentException e) {
      throw new ModelException("'" + text + "' is no path: " + e.getMessage(), e);
    }
  }

  private CachedModel local(Path path, String pinned, boolean digested) {
    String shown = path.toString();
    boolean isArchive = ArchiveFormat.isNamed(shown) && !Files.isDirectory(path);
    try {
      if (isArchive) {
        return archive(path, pinned);
      }
      List<Path> files = filesOf(path);
      if (files.isEmpty()) {
        throw ModelException.of(shown, "there is no such file or directory");
      }
      String sha256 = null;
      if (digested) {
        sha256 =
            Files.isRegularFile(path)
                ? Digests.sha256(path)
                : Digests.sha256(Files.isDirectory(path) ? path : path.getParent(), files);
        Digests.require(pinned, sha256, shown);
      }
      long bytes = 0;
      for (Path file : files) {
        bytes += Files.size(file);
      }
      return new CachedModel(
          shown, sha256, bytes, path, Files.getLastModifiedTime(files.get(0)).toInstant());
    } catch (IOException e) {
      throw ModelException.of(shown, "cannot be read (" + e + ")", e);
    }
  }

  /** The file, those in the folder, or those with the prefix. */
  private static List<Path> filesOf(Path path) throws IOException {
    if (Files.exists(path)) {
      return Digests.filesBelow(path);
    }
    if (path.getParent() == null || !Files.isDirectory(path.getParent())) {
      return List.of();
    }
    String prefix = path.getFileName() + ".";
    try (Stream<Path> files = Files.list(path.getParent())) {
      return files
          .filter(file -> file.getFileName().toString().startsWith(prefix))
          .filter(Files::isRegularFile)
          .sorted()
          .toList();
    }
  }

  private CachedModel archive(Path archive, String pinned) throws IOException {
    String shown = archive.toString();
    if (!Files.isRegularFile(archive)) {
      throw ModelException.of(shown, "there is no such file or directory");
    }
    if (Files.size(archive) > limits.archiveBytes()) {
      throw ModelException.of(
          shown, "the archive is larger than " + limits.archiveBytes() + " bytes");
    }
    String sha256 = Digests.sha256(archive);
    Digests.require(pinned, sha256, shown);
    return cache.store(sha256, shown, folder -> unpack(archive, folder, shown));
  }

  private void unpack(Path archive, Path folder, String shown) {
    new ArchiveUnpacker(shown, limits).unpack(archive, folder);
  }

  private CachedModel web(String text, String pinned) {
    String shown = Address.shown(text);
    URI address = Address.uri(text);
    HttpDownload.requireAllowed(address, shown);
    if (hub != null) {
      Optional<CachedModel> found = hub.find(text);
      if (found.isPresent()
          && (pinned == null || pinned.equals(found.get().sha256()) && hub.isAsFetched(text))) {
        return found.get();
      }
    }
    String name = Address.lastName(text);
    if (ArchiveFormat.isNamed(name) || name.endsWith(GRAPH)) {
      return download(text, address, shown, pinned, "give the path of a copy where there is one");
    }
    URI archive = compressed(text);
    String advice = offline(Address.shown(text), pinned);
    if (hub == null || hub.find(text).isPresent() || !hub.isWritable()) {
      return download(text, archive, shown, pinned, advice);
    }
    // Within this machine no one polls: they queue here.
    try (EntryLock lock = cache.lock("hub-" + DigestUtils.sha1Hex(text), shown)) {
      return hub.fetch(
          text,
          shown,
          (file, content) -> {
            LOG.info("fetching model {}", shown);
            String sha256 = http.to(archive, file, shown, advice);
            Digests.require(pinned, sha256, shown);
            unpack(file, content, shown);
            return sha256;
          });
    } catch (IOException e) {
      throw Storage.failure(shown, cache.root(), e);
    }
  }

  private static String offline(String handle, String pinned) {
    return "without a network, download "
        + handle
        + "?"
        + COMPRESSED
        + " elsewhere and give the archive's path"
        + (pinned == null
            ? ", or set " + HubCache.ENVIRONMENT + " to a cache of tensorflow_hub that has it"
            : "");
  }

  private static URI compressed(String handle) {
    int hash = handle.indexOf('#');
    String address = hash < 0 ? handle : handle.substring(0, hash);
    return Address.uri(address + (address.contains("?") ? "&" : "?") + COMPRESSED);
  }

  private CachedModel download(
      String text, URI address, String shown, String pinned, String advice) {
    String key = ModelCache.key("url", text);
    Optional<CachedModel> named = named(key, "", pinned);
    if (named.isPresent()) {
      return named.get();
    }
    try (EntryLock lock = cache.lock(key, shown)) {
      named = named(key, "", pinned);
      if (named.isPresent()) {
        return named.get();
      }
      Path work = cache.newWork(key, shown);
      try {
        Path file = work.resolve("download");
        LOG.info("fetching model {}", shown);
        String sha256 = http.to(address, file, shown, advice);
        Digests.require(pinned, sha256, shown);
        String name = Address.lastName(text);
        boolean isGraph =
            name.endsWith(GRAPH) && ArchiveFormat.of(ArchiveUnpacker.head(file)) == null;
        CachedModel model =
            cache.store(
                sha256,
                shown,
                folder -> {
                  if (isGraph) {
                    move(file, folder, name, shown);
                  } else {
                    unpack(file, folder, shown);
                  }
                });
        cache.name(key, shown, new Named(sha256, ""));
        return model;
      } finally {
        FileTrees.discard(work);
      }
    } catch (IOException e) {
      throw Storage.failure(shown, cache.root(), e);
    }
  }

  /** What the address led to, if that is still in the cache and what is wanted. */
  private Optional<CachedModel> named(String key, String fingerprint, String pinned) {
    return cache
        .named(key)
        .filter(found -> found.fingerprint().equals(fingerprint))
        .filter(found -> pinned == null || pinned.equals(found.sha256()))
        .flatMap(found -> cache.find(found.sha256(), pinned != null));
  }

  private static void move(Path file, Path folder, String name, String shown) {
    try {
      Storage.sync(file);
      Files.move(file, folder.resolve(name));
    } catch (IOException e) {
      throw Storage.failure(shown, folder, e);
    } catch (InvalidPathException e) {
      throw ModelException.of(shown, "its name cannot be a file's", e);
    }
  }

  private CachedModel remote(String text, String pinned) {
    String shown = Address.shown(text);
    String key = ModelCache.key("uri", text);
    RemoteFiles remote = RemoteFiles.list(text, limits);
    String fingerprint = remote.fingerprint();
    try (EntryLock lock = cache.lock(key, shown)) {
      Optional<CachedModel> named = named(key, fingerprint, pinned);
      if (named.isPresent()) {
        return named.get();
      }
      Path work = cache.newWork(key, shown);
      try {
        LOG.info("fetching model {}", shown);
        String sha256 = remote.copy(work, progress);
        Digests.require(pinned, sha256, shown);
        CachedModel model =
            cache.store(
                sha256,
                shown,
                folder -> {
                  if (remote.isArchive()) {
                    unpack(work.resolve(Address.lastName(text)), folder, shown);
                  } else {
                    moveAll(work, folder, shown);
                  }
                });
        cache.name(key, shown, new Named(sha256, fingerprint));
        return model;
      } finally {
        FileTrees.discard(work);
      }
    } catch (IOException e) {
      throw Storage.failure(shown, cache.root(), e);
    }
  }

  private static void moveAll(Path from, Path to, String shown) {
    try (Stream<Path> children = Files.list(from)) {
      for (Path child : (Iterable<Path>) children::iterator) {
        Files.move(child, to.resolve(child.getFileName()));
      }
    } catch (IOException e) {
      throw Storage.failure(shown, to, e);
    }
  }
}
