// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.index;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageFileTest {
  @TempDir Path folder;

  private final List<String> refused = new ArrayList<>();

  /** A file by its percent-encoded name, so that it does not depend on this process's locale. */
  private Path file(String encodedName) throws IOException {
    Path file = Path.of(URI.create(folder.toUri() + encodedName));
    Files.createDirectories(file.getParent());
    return Files.writeString(file, encodedName);
  }

  private List<ImageFile> below(Path... paths) throws IOException {
    return ImageFile.below(List.of(paths), (name, why) -> refused.add(name + ": " + why));
  }

  @Test
  void aFileWhoseNameIsNoTextIsRefusedByNameAndTheOthersGoOn() throws IOException {
    Path good = file("a/good.jpg");
    file("a/bad%FF.jpg");

    assertThat(below(folder.resolve("a"))).containsExactly(new ImageFile("good.jpg", good));
    assertThat(refused)
        .singleElement()
        .asString()
        .contains("bad%FF.jpg", "its name is no text in the encoding of file names");
  }

  @Test
  void aSecondFileOfTheSameIdIsRefusedByNameAndTheSameFileIsThereOnce() throws IOException {
    Path first = file("a/x.jpg");
    file("b/x.jpg");
    Path other = file("b/y.jpg");
    Path link = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("a"));

    assertThat(below(folder.resolve("a"), folder.resolve("b"), link, first))
        .containsExactly(new ImageFile("x.jpg", first), new ImageFile("y.jpg", other));
    assertThat(refused)
        .containsExactly(
            folder.resolve("b/x.jpg") + ": its id would be x.jpg, as that of " + first);
  }

  @Test
  void aLinkOutOfTheFolderIsRefusedByNameAndOneWithinIsTaken() throws IOException {
    Path inside = file("a/x.jpg");
    Path outside = file("b/secret.jpg");
    Path hidden = file("a/.hidden.jpg");
    Path within = Files.createSymbolicLink(folder.resolve("a/within.jpg"), inside);
    Path out = Files.createSymbolicLink(folder.resolve("a/out.jpg"), outside);
    Path toHidden = Files.createSymbolicLink(folder.resolve("a/to-hidden.jpg"), hidden);
    Path twice = Files.createSymbolicLink(folder.resolve("a/twice.jpg"), out);
    Files.createSymbolicLink(folder.resolve("a/folder"), folder.resolve("b"));
    Files.createSymbolicLink(folder.resolve("a/gone.jpg"), folder.resolve("nowhere"));

    assertThat(below(folder.resolve("a")))
        .containsExactly(new ImageFile("within.jpg", within), new ImageFile("x.jpg", inside));
    assertThat(refused)
        .containsExactlyInAnyOrder(
            out + ": it is a link to what is not below " + folder.resolve("a"),
            toHidden + ": it is a link to what is not below " + folder.resolve("a"),
            twice + ": it is a link to what is not below " + folder.resolve("a"));
  }
}
