// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.output;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.lang.reflect.Constructor;
import java.nio.charset.StandardCharsets;
import org.apache.flink.annotation.Internal;

/**
 * Puts standard error on the file descriptor that the launcher names. There it passes by the filter
 * that the launcher has put before descriptor 2, where native code writes: a progress bar is not
 * held until its line ends, and a terminal stays one.
 */
@Internal
public final class ErrorDescriptor {
  /** Set by the launcher. */
  private static final String PROPERTY = "image-embedding.error-descriptor";

  private ErrorDescriptor() {}

  /** To be called before anything has taken {@link System#err}. */
  public static void use() {
    Integer number = Integer.getInteger(PROPERTY);
    if (number == null) {
      return;
    }
    try {
      // To open /dev/fd/N would be another file, with a place of its own to write at.
      Constructor<FileDescriptor> descriptor =
          FileDescriptor.class.getDeclaredConstructor(int.class);
      descriptor.setAccessible(true);
      System.setErr(
          new PrintStream(
              new FileOutputStream(descriptor.newInstance(number)), true, StandardCharsets.UTF_8));
    } catch (ReflectiveOperationException | RuntimeException e) {
      // Through the filter, then.
      System.err.println("embed: descriptor " + number + " is not used: " + e);
    }
  }
}
