// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IndexedFoldersTest {
  @TempDir Path folder;

  private IndexedFolders of(String store) {
    return IndexedFolders.of(store, Map.of(), folder.toString());
  }

  @Test
  void whatWasIndexedIntoAStoreIsKnownForThatStore() throws Exception {
    Path photos = Files.createDirectories(folder.resolve("photos"));
    Path more = Files.createDirectories(folder.resolve("more"));
    of("lucene:/data/store").add(List.of(photos));
    of("lucene:/data/../data/store?ef-search=10").add(List.of(more, photos));

    assertThat(of("lucene:/data/store").read())
        .containsExactly(photos.toRealPath(), more.toRealPath());
    assertThat(of("lucene:/data/other").read()).isEmpty();
    assertThat(of("postgresql://h/d?table=t").read()).isEmpty();
  }

  @Test
  void onlyItsOwnerMayReadIt() throws Exception {
    of("lucene:s").add(List.of(folder));
    try (Stream<Path> all = Files.walk(folder.resolve(".cache/image-embedding"))) {
      assertThat(all.toList())
          .hasSize(3)
          .allSatisfy(
              path ->
                  assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                      .isEqualTo(Files.isDirectory(path) ? "rwx------" : "rw-------"));
    }
  }
}
