// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import io.imageembedding.cli.output.CommandFailure;
import io.imageembedding.cli.page.ImageSource;
import io.imageembedding.cli.page.IndexedFolders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** Options by which a command is told where the images of a store may be read. */
final class ImageSourceChoice {

  @Option(
      names = "--images",
      paramLabel = "FOLDER",
      description =
          "Images are read below this folder only. Default: below what 'index' put into the store"
              + " on this machine, and nothing that came from a topic.")
  private Path folder;

  @ArgGroup(exclusive = false, heading = "To read images from their topics:%n")
  private Topic topic;

  /** How images are read that came from a topic. */
  private static final class Topic {
    @ArgGroup(exclusive = false, multiplicity = "1")
    private KafkaConnection connection;

    @ArgGroup(exclusive = false)
    private InputWireChoice wire = new InputWireChoice();
  }

  /**
   * The source that was chosen; nothing is asked of it yet.
   *
   * @param store address of the store that the images are of
   */
  ImageSource open(CommandSpec spec, String store) throws IOException {
    if (folder != null && !Files.isDirectory(folder)) {
      throw new CommandFailure("--images: there is no folder " + folder);
    }
    ImageSource files =
        folder == null
            ? ImageSource.indexedFiles(IndexedFolders.of(store).read())
            : ImageSource.filesBelow(folder);
    return topic == null
        ? files
        : files.or(topic.wire.images(spec, topic.connection.clientProperties()));
  }
}
