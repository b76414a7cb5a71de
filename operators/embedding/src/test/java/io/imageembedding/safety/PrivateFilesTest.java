// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.safety;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrivateFilesTest {
  @TempDir Path folder;

  @Test
  void aFolderThatIsMadeIsItsOwnersOnlyAndOneThatWasThereStaysAsItIs() throws Exception {
    Path above = folder.resolve("above");
    PrivateFiles.createFolder(above.resolve("own"));
    assertThat(mode(above.resolve("own"))).isEqualTo("rwx------");
    assertThat(mode(above)).isNotEqualTo("rwx------");

    Files.setPosixFilePermissions(
        above.resolve("own"), PosixFilePermissions.fromString("rwxr-x---"));
    PrivateFiles.createFolder(above.resolve("own"));
    assertThat(mode(above.resolve("own"))).isEqualTo("rwxr-x---");
  }

  @Test
  void whatIsClosedIsClosedWithAllThatIsInItAndNothingThatALinkLeadsTo() throws Exception {
    Path outside = Files.writeString(folder.resolve("outside"), "theirs");
    Files.setPosixFilePermissions(outside, PosixFilePermissions.fromString("rw-r--r--"));
    Path made = Files.createDirectories(folder.resolve("made/below"));
    Files.writeString(made.resolve("file"), "ours");
    Files.createSymbolicLink(made.resolve("link"), outside);

    PrivateFiles.close(folder.resolve("made"));

    assertThat(mode(folder.resolve("made"))).isEqualTo("rwx------");
    assertThat(mode(made)).isEqualTo("rwx------");
    assertThat(mode(made.resolve("file"))).isEqualTo("rw-------");
    assertThat(mode(outside)).isEqualTo("rw-r--r--");
  }

  @Test
  void aFileThatIsMadeIsItsOwnersOnlyAndOneThatWasThereStaysAsItIs() throws Exception {
    Path file = folder.resolve("lock");
    PrivateFiles.createFile(file);
    assertThat(mode(file)).isEqualTo("rw-------");

    Files.writeString(file, "held");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    PrivateFiles.createFile(file);
    assertThat(mode(file)).isEqualTo("rw-r-----");
    assertThat(file).hasContent("held");
  }

  private static String mode(Path path) throws Exception {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }
}
