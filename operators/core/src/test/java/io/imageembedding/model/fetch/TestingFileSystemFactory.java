// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.fetch;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.apache.flink.core.fs.BlockLocation;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.FileSystemFactory;
import org.apache.flink.core.fs.local.LocalFileSystem;

/** A file system {@code testing:} that Flink finds as it finds any: a folder of this machine. */
public final class TestingFileSystemFactory implements FileSystemFactory {
  static final List<String> OPENED = new CopyOnWriteArrayList<>();

  @Override
  public String getScheme() {
    return "testing";
  }

  @Override
  public FileSystem create(URI uri) {
    return new TestingFileSystem();
  }

  private record Status(long getLen, long getModificationTime, boolean isDir, String name)
      implements FileStatus {
    static Status of(Path file) throws IOException {
      return new Status(
          Files.size(file),
          Files.getLastModifiedTime(file).toMillis(),
          Files.isDirectory(file),
          file.toString());
    }

    @Override
    public long getBlockSize() {
      return getLen;
    }

    @Override
    public short getReplication() {
      return 1;
    }

    @Override
    public long getAccessTime() {
      return 0;
    }

    @Override
    public org.apache.flink.core.fs.Path getPath() {
      return new org.apache.flink.core.fs.Path("testing://bucket" + name);
    }
  }

  private static final class TestingFileSystem extends FileSystem {

    private static Path local(org.apache.flink.core.fs.Path path) throws FileNotFoundException {
      Path local = Path.of(path.toUri().getPath());
      if (Files.notExists(local)) {
        throw new FileNotFoundException(path.toString());
      }
      return local;
    }

    @Override
    public org.apache.flink.core.fs.Path getWorkingDirectory() {
      return getHomeDirectory();
    }

    @Override
    public org.apache.flink.core.fs.Path getHomeDirectory() {
      return new org.apache.flink.core.fs.Path("testing://bucket/");
    }

    @Override
    public URI getUri() {
      return URI.create("testing://bucket");
    }

    @Override
    public FileStatus getFileStatus(org.apache.flink.core.fs.Path path) throws IOException {
      return Status.of(local(path));
    }

    @Override
    public BlockLocation[] getFileBlockLocations(FileStatus file, long start, long length) {
      return new BlockLocation[0];
    }

    @Override
    public FSDataInputStream open(org.apache.flink.core.fs.Path path, int bufferSize)
        throws IOException {
      return open(path);
    }

    @Override
    public FSDataInputStream open(org.apache.flink.core.fs.Path path) throws IOException {
      OPENED.add(path.getName());
      return LocalFileSystem.getSharedInstance()
          .open(new org.apache.flink.core.fs.Path(local(path).toUri()));
    }

    @Override
    public FileStatus[] listStatus(org.apache.flink.core.fs.Path path) throws IOException {
      try (Stream<Path> files = Files.list(local(path))) {
        List<Path> children = files.toList();
        FileStatus[] statuses = new FileStatus[children.size()];
        for (int i = 0; i < statuses.length; i++) {
          statuses[i] = Status.of(children.get(i));
        }
        return statuses;
      }
    }

    @Override
    public boolean delete(org.apache.flink.core.fs.Path path, boolean recursive) {
      throw new UnsupportedOperationException();
    }

    @Override
    public boolean mkdirs(org.apache.flink.core.fs.Path path) {
      throw new UnsupportedOperationException();
    }

    @Override
    public FSDataOutputStream create(org.apache.flink.core.fs.Path path, WriteMode mode) {
      throw new UnsupportedOperationException();
    }

    @Override
    public boolean rename(org.apache.flink.core.fs.Path from, org.apache.flink.core.fs.Path to) {
      throw new UnsupportedOperationException();
    }

    @Override
    public boolean isDistributedFS() {
      return true;
    }
  }
}
