// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.fetch;

import io.imageembedding.annotation.Internal;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.fetch.ModelCache.Named;
import io.imageembedding.safety.FileTrees;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
 *       tensorflow_hub, or from {@link PythonCaches};
 *   <li>{@code OWNER/MODEL/FRAMEWORK/VARIATION/VERSION}, where there is no such folder, is the same
 *       of Kaggle's.
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

  private final ModelCache cache;
  private final HubCache hub;
  private final PythonCaches python;
  private final HttpDownload http;
  private final FetchLimits limits;
  private final FetchProgress progress;

  /**
   * @param hub null if there is none
   */
  ModelFetcher(
      ModelCache cache,
      HubCache hub,
      PythonCaches python,
      HttpDownload http,
      FetchLimits limits,
      FetchProgress progress) {
    this.cache = cache;
    this.hub = hub;
    this.python = python;
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
   * What is to be opened and then held to a pin, which may be of what it came as or of its content:
   * that with the SHA-256 where it is in the cache, else whatever the text names.
   */
  public static CachedModel cached(String text, String sha256) {
    return fromEnvironment(FetchProgress.NONE).get(text, Digests.parse(sha256), null, false);
  }

  /**
   * What a handle or an address leads to on this machine, without a network; empty where that is
   * known to be what the pin is of, or to be nothing.
   */
  public static Optional<CachedModel> unproven(String text, String sha256) {
    return fromEnvironment(FetchProgress.NONE).here(text, Digests.parse(sha256));
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
        || isKaggle(text)
        || ArchiveFormat.isNamed(text) && !Files.isDirectory(LocalFiles.path(text));
  }

  /** A handle without an address in front; a folder of that path wins. */
  private static boolean isKaggle(String text) {
    return Address.scheme(text) == null
        && KaggleHandle.of(text).isPresent()
        && !Files.exists(LocalFiles.path(text));
  }

  /** What is in the caches: the own one, that of {@code TFHUB_CACHE_DIR}, and Python's. */
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
        PythonCaches.open(
            environment, System.getProperty("user.home"), System.getProperty("user.name")),
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
    models.addAll(python.list());
    return models;
  }

  /**
   * @param pinned in lower case, or null; any other is refused
   * @param digested whether the SHA-256 is wanted also where it is not needed
   */
  CachedModel get(String text, String pinned, boolean digested) {
    return get(text, pinned, pinned, digested);
  }

  /**
   * @param pinned in lower case, or null; what has it is taken first
   * @param required what is fetched has to have it; null for anything
   * @param digested whether the SHA-256 is wanted also where it is not needed
   */
  CachedModel get(String text, String pinned, String required, boolean digested) {
    String scheme = Address.scheme(text);
    if (!isKaggle(text) && (scheme == null || scheme.equals("file"))) {
      return local(LocalFiles.path(text), required, digested);
    }
    if (pinned != null) {
      Optional<CachedModel> found = cache.find(pinned, true);
      if (found.isPresent()) {
        return found.get();
      }
    }
    if (scheme == null) {
      return kaggle(text, pinned, required);
    }
    return Address.isWeb(text) ? web(text, pinned, required) : remote(text, pinned, required);
  }

  Optional<CachedModel> here(String text, String pinned) {
    if (!isKaggle(text) && !Address.isWeb(text)) {
      return Optional.empty();
    }
    Optional<CachedModel> found = named(ModelCache.key("url", text), "", null);
    if (found.isEmpty() && hub != null) {
      found = hub.find(text);
    }
    return found
        .or(() -> python.find(text))
        .filter(model -> !pinned.equals(model.sha256()) && cache.find(pinned, true).isEmpty());
  }

  private CachedModel local(Path path, String required, boolean digested) {
    try {
      return ArchiveFormat.isNamed(path.toString()) && !Files.isDirectory(path)
          ? archive(path, required)
          : LocalFiles.find(path, required, digested);
    } catch (IOException e) {
      throw ModelException.of(path.toString(), "cannot be read (" + e + ")", e);
    }
  }

  private CachedModel archive(Path archive, String required) throws IOException {
    String shown = archive.toString();
    if (!Files.isRegularFile(archive)) {
      throw ModelException.of(shown, "there is no such file or directory");
    }
    if (Files.size(archive) > limits.archiveBytes()) {
      throw ModelException.of(
          shown, "the archive is larger than " + limits.archiveBytes() + " bytes");
    }
    String sha256 = Digests.sha256(archive);
    Digests.require(required, sha256, shown);
    return cache.store(sha256, shown, folder -> unpack(archive, folder, shown));
  }

  private void unpack(Path archive, Path folder, String shown) {
    new ArchiveUnpacker(shown, limits).unpack(archive, folder);
  }

  private CachedModel kaggle(String text, String pinned, String required) {
    Optional<CachedModel> found = pinned == null ? python.find(text) : Optional.empty();
    return found.orElseGet(
        () ->
            download(
                text,
                KaggleHandle.of(text).orElseThrow().archive(),
                text,
                pinned,
                required,
                "without a network, let Python's kagglehub fetch it, or give the path of a copy"));
  }

  private CachedModel web(String text, String pinned, String required) {
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
    if (pinned == null && python.find(text).isPresent()) {
      return python.find(text).get();
    }
    String name = Address.lastName(text);
    if (ArchiveFormat.isNamed(name) || name.endsWith(GRAPH)) {
      return download(
          text, address, shown, pinned, required, "give the path of a copy where there is one");
    }
    URI archive = HubAddress.archive(text);
    String advice = HubAddress.offline(Address.shown(text), pinned);
    if (hub == null || hub.find(text).isPresent() || !hub.isWritable()) {
      return download(text, archive, shown, pinned, required, advice);
    }
    // Within this machine no one polls: they queue here.
    try (EntryLock lock = cache.lock("hub-" + DigestUtils.sha1Hex(text), shown)) {
      return hub.fetch(
          text,
          shown,
          (file, content) -> {
            LOG.info("fetching model {}", shown);
            String sha256 = http.to(archive, file, shown, advice);
            Digests.require(required, sha256, shown);
            unpack(file, content, shown);
            return sha256;
          });
    } catch (IOException e) {
      throw Storage.failure(shown, cache.root(), e);
    }
  }

  private CachedModel download(
      String text, URI address, String shown, String pinned, String required, String advice) {
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
        Digests.require(required, sha256, shown);
        String name = Address.lastName(text);
        boolean isGraph =
            name.endsWith(GRAPH) && ArchiveFormat.of(ArchiveUnpacker.head(file)) == null;
        CachedModel model =
            cache.store(
                sha256,
                shown,
                folder -> {
                  if (isGraph) {
                    Storage.move(file, folder, name, shown);
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

  private CachedModel remote(String text, String pinned, String required) {
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
        Digests.require(required, sha256, shown);
        CachedModel model =
            cache.store(
                sha256,
                shown,
                folder -> {
                  if (remote.isArchive()) {
                    unpack(work.resolve(Address.lastName(text)), folder, shown);
                  } else {
                    Storage.moveAll(work, folder, shown);
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
}
