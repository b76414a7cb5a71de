// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.safety;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileTreesTest {
  @TempDir Path folder;

  @Test
  void aFolderGoesWithAllThatIsInItAndNothingElse() throws IOException {
    Path outside = Files.writeString(folder.resolve("outside"), "kept");
    Path tree = Files.createDirectories(folder.resolve("tree/branch")).getParent();
    Files.writeString(tree.resolve("branch/leaf"), "gone");
    Files.createSymbolicLink(tree.resolve("link"), outside);
    Files.createSymbolicLink(tree.resolve("up"), folder);

    FileTrees.delete(tree);

    assertThat(tree).doesNotExist();
    assertThat(outside).hasContent("kept");
  }

  @Test
  void aLinkGoesAndWhatItLeadsToStays() throws IOException {
    Path there = Files.createDirectories(folder.resolve("there/below"));
    Path link = Files.createSymbolicLink(folder.resolve("link"), there.getParent());

    FileTrees.delete(link);

    assertThat(Files.isSymbolicLink(link)).isFalse();
    assertThat(there).isDirectory();
  }

  @Test
  void whatIsNotThereIsDeletedAlready() throws IOException {
    FileTrees.delete(folder.resolve("missing"));

    assertThat(folder).isEmptyDirectory();
  }
}
