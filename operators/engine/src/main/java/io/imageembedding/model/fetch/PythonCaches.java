// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.fetch;

import io.imageembedding.model.ModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Caches that Python's libraries fill and that are only read here: that of kagglehub, and the one
 * that tensorflow_hub has where {@code TFHUB_CACHE_DIR} names none.
 *
 * <pre>
 * &lt;kagglehub&gt;/models/OWNER/MODEL/FRAMEWORK/VARIATION/VERSION/          the files of the model
 * &lt;kagglehub&gt;/models/OWNER/MODEL/FRAMEWORK/VARIATION/VERSION.complete  once all of them are there
 * &lt;temporary folder&gt;/tfhub_modules/                                   as {@link HubCache} says
 * </pre>
 */
final class PythonCaches {
  static final PythonCaches NONE = new PythonCaches(null, null);

  private static final String KAGGLE = "KAGGLEHUB_CACHE";
  private static final String COMPLETE = ".complete";

  /** Folders between {@code models} and the mark of a version that is complete. */
  private static final int DEPTH = 5;

  private static final Pattern MARK = Pattern.compile("\\d+\\.complete");

  private final Path kaggle;
  private final HubCache hub;

  /**
   * @param kaggle folder of kagglehub, null if there is none
   * @param hub null if there is none
   */
  PythonCaches(Path kaggle, HubCache hub) {
    this.kaggle = kaggle;
    this.hub = hub;
  }

  /** Those where Python's libraries have them by this environment. */
  static PythonCaches open(Map<String, String> environment, String home, String user) {
    return new PythonCaches(kaggle(environment, home), hub(environment, user));
  }

  private static Path kaggle(Map<String, String> environment, String home) {
    String named = environment.getOrDefault(KAGGLE, "");
    if (!named.isBlank()) {
      return Path.of(named).toAbsolutePath();
    }
    // The JVM says "?" where the user has no home.
    return home == null || home.isBlank() || home.equals("?")
        ? null
        : Path.of(home, ".cache", "kagglehub");
  }

  private static HubCache hub(Map<String, String> environment, String user) {
    if (!environment.getOrDefault(HubCache.ENVIRONMENT, "").isBlank()) {
      return null;
    }
    // As Python's tempfile chooses it.
    for (String variable : List.of("TMPDIR", "TEMP", "TMP")) {
      String named = environment.getOrDefault(variable, "");
      if (!named.isBlank() && Files.isDirectory(Path.of(named))) {
        return trusted(Path.of(named), user);
      }
    }
    return trusted(Path.of("/tmp"), user);
  }

  /** In a folder that others can write, only what is ours is to be trusted. */
  private static HubCache trusted(Path temporary, String user) {
    Path folder = temporary.resolve("tfhub_modules");
    try {
      if (Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)
          && Files.getOwner(folder).getName().equals(user)) {
        return new HubCache(
            folder, HubCache.STALE, Duration.ofSeconds(1), FetchLimits.LONGEST_WAIT);
      }
    } catch (IOException e) {
      // Then there is none that could be read.
    }
    return null;
  }

  /** What is under the handle, if it is there whole. */
  Optional<CachedModel> find(String text) {
    Optional<CachedModel> found = hub == null ? Optional.empty() : hub.find(text);
    return found.or(() -> KaggleHandle.of(text).flatMap(this::find));
  }

  private Optional<CachedModel> find(KaggleHandle handle) {
    if (kaggle == null) {
      return Optional.empty();
    }
    Path version = kaggle.resolve("models").resolve(handle.toString());
    return Files.exists(version.resolveSibling(version.getFileName() + COMPLETE))
            && Storage.isFilled(version)
        ? Optional.of(described(handle.toString(), version))
        : Optional.empty();
  }

  /** All of them, by the handles that lead to them. */
  List<CachedModel> list() {
    List<CachedModel> all = new ArrayList<>();
    if (hub != null) {
      all.addAll(hub.list());
    }
    Path models = kaggle == null ? null : kaggle.resolve("models");
    if (models == null || !Files.isDirectory(models)) {
      return all;
    }
    try (Stream<Path> below = Files.find(models, DEPTH, (file, is) -> is.isRegularFile())) {
      below
          .filter(file -> MARK.matcher(file.getFileName().toString()).matches())
          .map(file -> models.relativize(file).toString().replace('\\', '/'))
          .map(mark -> mark.substring(0, mark.length() - COMPLETE.length()))
          .sorted()
          .forEach(name -> KaggleHandle.of(name).flatMap(this::find).ifPresent(all::add));
    } catch (IOException e) {
      throw new ModelException("the cache " + models + " cannot be read", e);
    }
    return all;
  }

  private static CachedModel described(String handle, Path folder) {
    try {
      return new CachedModel(
          handle,
          null,
          Storage.size(folder),
          ModelFolder.resolve(folder),
          Files.getLastModifiedTime(folder).toInstant());
    } catch (IOException e) {
      throw new ModelException("the cache " + folder + " cannot be read", e);
    }
  }
}
