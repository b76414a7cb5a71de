// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.page;

import io.imageembedding.safety.PrivateFiles;
import io.imageembedding.vectorstore.StoreAddress;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.flink.annotation.Internal;

/**
 * What was indexed into a store on this machine by this user, kept beside the cache of models. What
 * a store itself says of files may be said by whoever writes to it; what stands here was named by
 * the person who indexed.
 */
@Internal
public final class IndexedFolders {
  private static final String CACHE = "IMAGE_EMBEDDING_CACHE";

  private final Path list;

  private IndexedFolders(Path list) {
    this.list = list;
  }

  /**
   * @param store its address
   */
  public static IndexedFolders of(String store) {
    return of(store, System.getenv(), System.getProperty("user.home"));
  }

  static IndexedFolders of(String store, Map<String, String> environment, String home) {
    StoreAddress address = StoreAddress.parse(store);
    String name =
        address.scheme().equals("lucene")
            ? "lucene:" + Path.of(address.target()).toAbsolutePath().normalize()
            : address.toString();
    String cache = environment.getOrDefault(CACHE, "");
    String shared = environment.getOrDefault("XDG_CACHE_HOME", "");
    Path root =
        !cache.isBlank()
            ? Path.of(cache)
            : shared.isBlank()
                ? Path.of(home, ".cache", "image-embedding")
                : Path.of(shared, "image-embedding");
    return new IndexedFolders(
        root.toAbsolutePath().resolve("indexed").resolve(DigestUtils.sha256Hex(name)));
  }

  /**
   * Real paths of the folders and files that were indexed.
   *
   * @throws IOException if they cannot be read
   */
  public Set<Path> read() throws IOException {
    try {
      Set<Path> all = new LinkedHashSet<>();
      for (String line : Files.readAllLines(list, StandardCharsets.UTF_8)) {
        all.add(Path.of(line));
      }
      return all;
    } catch (NoSuchFileException e) {
      return Set.of();
    }
  }

  /**
   * Remembers what is indexed.
   *
   * @throws IOException if it cannot be written
   */
  public void add(List<Path> named) throws IOException {
    Set<Path> all = new LinkedHashSet<>(read());
    for (Path path : named) {
      Path real = path.toRealPath();
      // One path a line.
      if (real.toString().indexOf('\n') < 0) {
        all.add(real);
      }
    }
    PrivateFiles.createFolder(list.getParent().getParent());
    PrivateFiles.createFolder(list.getParent());
    Path whole = list.resolveSibling(UUID.randomUUID() + ".tmp");
    Files.write(whole, all.stream().map(Path::toString).toList());
    PrivateFiles.close(whole);
    Files.move(whole, list, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
