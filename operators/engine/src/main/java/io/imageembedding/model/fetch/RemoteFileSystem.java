// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.fetch;

import io.imageembedding.annotation.Internal;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.util.List;
import java.util.Optional;

/** Where files of elsewhere are read, by addresses such as {@code s3://bucket/model}. */
@Internal
public interface RemoteFileSystem {

  /**
   * A file or a folder.
   *
   * @param address as {@link #open} and {@link #children} take it
   * @param name the last part of the address
   * @param length in bytes
   * @param modified in milliseconds since 1970-01-01 UTC, as far as it is known
   */
  record Entry(URI address, String name, boolean isFolder, long length, long modified) {}

  /** File systems by the schemes of addresses; found by its name in {@code META-INF/services}. */
  interface Provider {

    /** The file system of the address; empty if there is none here for its scheme. */
    Optional<RemoteFileSystem> of(URI address) throws IOException;

    /** What has the file systems, in one word. */
    String name();

    /** How one that is missing gets here, in words. */
    String remedy();
  }

  /** What is at the address; empty if nothing is. */
  Optional<Entry> find(URI address) throws IOException;

  /** What is in the folder; none if there is no such folder. */
  List<Entry> children(URI folder) throws IOException;

  /** Reads the file from its beginning. */
  InputStream open(URI file) throws IOException;
}
