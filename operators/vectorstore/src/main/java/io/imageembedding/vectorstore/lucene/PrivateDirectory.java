// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.lucene;

import io.imageembedding.safety.PrivateFiles;
import java.io.IOException;
import java.nio.file.Path;
import org.apache.lucene.store.FSDirectory;
import org.apache.lucene.store.FilterDirectory;
import org.apache.lucene.store.IOContext;
import org.apache.lucene.store.IndexOutput;
import org.apache.lucene.store.Lock;

/** A folder of an index whose files only their owner may read. */
final class PrivateDirectory extends FilterDirectory {
  private final Path folder;

  private PrivateDirectory(Path folder, FSDirectory directory) {
    super(directory);
    this.folder = folder;
  }

  /** Makes the folder if it is not there. */
  static PrivateDirectory open(Path folder) throws IOException {
    PrivateFiles.createFolder(folder);
    return new PrivateDirectory(folder, FSDirectory.open(folder));
  }

  @Override
  public IndexOutput createOutput(String name, IOContext context) throws IOException {
    return closed(super.createOutput(name, context));
  }

  @Override
  public IndexOutput createTempOutput(String prefix, String suffix, IOContext context)
      throws IOException {
    return closed(super.createTempOutput(prefix, suffix, context));
  }

  /** Before anything is written into it. */
  private IndexOutput closed(IndexOutput output) throws IOException {
    try {
      PrivateFiles.close(folder.resolve(output.getName()));
      return output;
    } catch (IOException | RuntimeException e) {
      output.close();
      throw e;
    }
  }

  @Override
  public Lock obtainLock(String name) throws IOException {
    PrivateFiles.createFile(folder.resolve(name));
    return super.obtainLock(name);
  }
}
