// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.safety;

import io.imageembedding.annotation.Internal;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Files and folders that only their owner may read: 0600 and 0700, whatever the umask is. What is
 * there already keeps its permissions, so that a person may share a folder on purpose. Where the
 * file system knows no such permissions, they are its defaults.
 */
@Internal
public final class PrivateFiles {
  private static final Set<PosixFilePermission> FILE = PosixFilePermissions.fromString("rw-------");
  private static final Set<PosixFilePermission> FOLDER =
      PosixFilePermissions.fromString("rwx------");

  private PrivateFiles() {}

  /** Makes the folder if it is not there; folders above it that are missing are ordinary ones. */
  public static Path createFolder(Path folder) throws IOException {
    if (Files.isDirectory(folder)) {
      return folder;
    }
    Path above = folder.toAbsolutePath().getParent();
    if (above != null) {
      Files.createDirectories(above);
    }
    return Files.createDirectories(folder, attributes(above, FOLDER));
  }

  /**
   * Makes an empty file if it is not there. One that is there is not even opened: POSIX takes a
   * process's locks on a file away when it closes any descriptor of it.
   */
  public static void createFile(Path file) throws IOException {
    try {
      Files.createFile(file, attributes(file.toAbsolutePath().getParent(), FILE));
    } catch (FileAlreadyExistsException e) {
      // It stays as it is.
    }
  }

  private static FileAttribute<?>[] attributes(Path where, Set<PosixFilePermission> permissions) {
    boolean known =
        where != null && Files.getFileAttributeView(where, PosixFileAttributeView.class) != null;
    return known
        ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(permissions)}
        : new FileAttribute<?>[0];
  }

  /**
   * Closes a file or folder that was just made to everybody else, with all that is in it. Opens
   * each file, so it ends the locks that this process has on them; a file for a lock is made by
   * {@link #createFile}.
   */
  public static void close(Path made) throws IOException {
    try (Stream<Path> all = Files.walk(made)) {
      for (Path each : (Iterable<Path>) all::iterator) {
        PosixFileAttributeView view =
            Files.getFileAttributeView(
                each, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
        if (view != null && !Files.isSymbolicLink(each)) {
          view.setPermissions(Files.isDirectory(each, LinkOption.NOFOLLOW_LINKS) ? FOLDER : FILE);
        }
      }
    }
  }
}
