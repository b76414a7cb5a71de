// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import io.imageembedding.model.fetch.RemoteFileSystem;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.flink.annotation.Internal;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.apache.flink.core.fs.UnsupportedFileSystemSchemeException;

/** Reads models from Flink's file systems, with the plugins and the settings of its process. */
@Internal
public final class FlinkFileSystems implements RemoteFileSystem.Provider {

  @Override
  public Optional<RemoteFileSystem> of(URI address) throws IOException {
    try {
      return Optional.of(new Files(FileSystem.get(new Path(address).toUri())));
    } catch (UnsupportedFileSystemSchemeException e) {
      return Optional.empty();
    }
  }

  @Override
  public String name() {
    return "Flink";
  }

  @Override
  public String remedy() {
    return "its jar in Flink's plugins folder";
  }

  private record Files(FileSystem fileSystem) implements RemoteFileSystem {

    @Override
    public Optional<Entry> find(URI address) throws IOException {
      try {
        return Optional.of(entry(fileSystem.getFileStatus(new Path(address))));
      } catch (FileNotFoundException e) {
        return Optional.empty();
      }
    }

    @Override
    public List<Entry> children(URI folder) throws IOException {
      try {
        FileStatus[] children = fileSystem.listStatus(new Path(folder));
        return children == null ? List.of() : Stream.of(children).map(Files::entry).toList();
      } catch (FileNotFoundException e) {
        return List.of();
      }
    }

    @Override
    public InputStream open(URI file) throws IOException {
      return fileSystem.open(new Path(file));
    }

    private static Entry entry(FileStatus status) {
      Path path = status.getPath();
      return new Entry(
          path.toUri(),
          path.getName(),
          status.isDir(),
          status.getLen(),
          status.getModificationTime());
    }
  }
}
