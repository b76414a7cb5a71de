// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.page;

import io.imageembedding.image.DecodeLimits;
import io.imageembedding.vectorstore.ImageMetadata;
import io.imageembedding.vectorstore.Version;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Image files below a folder: one that is named, or for each file the one that it was indexed from,
 * which is its URI without its id. What a path means is decided by its real path, with every link
 * followed; hidden files are none of ours, as they are not when they are indexed.
 *
 * @param folder its real path
 * @param indexed real paths of which every file is one or is below one
 */
record IndexedFiles(Optional<Path> folder, Set<Path> indexed) implements ImageSource {
  private static final String FILE = "file:";

  /** A file that may be one of the folder's. */
  private record Candidate(Path folder, Path file) {}

  @Override
  public Optional<byte[]> find(String id, Version version, ImageMetadata image) throws IOException {
    try {
      for (Candidate candidate : candidates(id, version, image)) {
        Optional<Path> real = within(candidate);
        if (real.isPresent() && isIndexed(real.get())) {
          return Optional.of(read(real.get()));
        }
      }
    } catch (IllegalArgumentException e) {
      // What a producer calls its image need not be the name of a file.
    }
    return Optional.empty();
  }

  private List<Candidate> candidates(String id, Version version, ImageMetadata image) {
    List<Candidate> candidates = new ArrayList<>();
    Path named = image.uri() != null && image.uri().startsWith(FILE) ? path(image.uri()) : null;
    if (folder.isPresent()) {
      if (named != null) {
        candidates.add(new Candidate(folder.get(), named));
      }
      candidates.add(new Candidate(folder.get(), folder.get().resolve(id)));
    } else if (named != null && version.topic().isEmpty() && named.endsWith(id)) {
      Path root = named;
      for (int i = Path.of(id).getNameCount(); i > 0 && root != null; i--) {
        root = root.getParent();
      }
      if (root != null) {
        candidates.add(new Candidate(root, named));
      }
    }
    return candidates;
  }

  private static Path path(String uri) {
    try {
      return Path.of(URI.create(uri));
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  private static Optional<Path> within(Candidate candidate) throws IOException {
    try {
      Path root = candidate.folder().toRealPath();
      Path real = candidate.file().toRealPath();
      return real.startsWith(root)
              && !isHidden(root.relativize(real))
              && Files.isRegularFile(real, LinkOption.NOFOLLOW_LINKS)
          ? Optional.of(real)
          : Optional.empty();
    } catch (NoSuchFileException | NotDirectoryException e) {
      return Optional.empty();
    }
  }

  private boolean isIndexed(Path real) {
    return folder.isPresent() || indexed.stream().anyMatch(real::startsWith);
  }

  private static boolean isHidden(Path relative) {
    for (Path part : relative) {
      if (part.toString().startsWith(".")) {
        return true;
      }
    }
    return false;
  }

  /** One byte more than is allowed is enough to be refused as any image is. */
  private static byte[] read(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
      return in.readNBytes((int) DecodeLimits.DEFAULT.maxBytes() + 1);
    }
  }
}
