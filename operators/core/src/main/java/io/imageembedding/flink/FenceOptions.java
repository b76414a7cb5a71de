// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import static org.apache.flink.configuration.ConfigOptions.key;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.apache.flink.annotation.PublicEvolving;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ReadableConfig;
import org.jspecify.annotations.Nullable;

/** The option of the crash fence, by which an image that ends the process is found. */
@PublicEvolving
public final class FenceOptions {

  /** Value for no fence at all. */
  public static final String NONE = "none";

  public static final ConfigOption<String> DIR =
      key("image-embedding.crash-fence.dir")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "Folder, on every TaskManager, where tasks note which images they are at. After a"
                  + " process has died those of its last batch run alone, and one that is alone when"
                  + " the process dies again becomes a dead letter of code CRASHED. The folder has to"
                  + " outlive the process. Not set: one in the first of 'io.tmp.dirs'; 'none': nothing"
                  + " is noted, and an image that ends the process does so for ever.");

  private FenceOptions() {}

  /**
   * The folder, {@value #NONE}, or null where none is named.
   *
   * @throws InvalidOptionException naming key, value and what is allowed
   */
  public static @Nullable String dir(ReadableConfig config) {
    return Options.optional(
        config,
        DIR,
        value -> value.equals(NONE) || isAbsolute(value),
        "an absolute path, or " + NONE);
  }

  private static boolean isAbsolute(String text) {
    try {
      return Path.of(text).isAbsolute();
    } catch (InvalidPathException e) {
      return false;
    }
  }
}
