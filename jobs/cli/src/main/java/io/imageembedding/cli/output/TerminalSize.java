// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.output;

import java.io.IOException;
import org.apache.flink.annotation.Internal;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.jline.utils.AttributedString;

/** How much this process's terminal shows at once; that of a usual one where it does not say. */
@Internal
public record TerminalSize(int columns, int rows) {
  private static final TerminalSize USUAL = new TerminalSize(80, 24);

  /** Asked for the first time, and then kept: it may be made larger or smaller. */
  private static final class Own {
    private static final Terminal TERMINAL = open();

    private static Terminal open() {
      try {
        return TerminalBuilder.builder().system(true).dumb(true).build();
      } catch (IOException | RuntimeException e) {
        return null;
      }
    }
  }

  /** As it is now. */
  public static TerminalSize now() {
    if (Own.TERMINAL == null) {
      return USUAL;
    }
    Size size = Own.TERMINAL.getSize();
    return new TerminalSize(
        size.getColumns() > 1 ? size.getColumns() : USUAL.columns(),
        size.getRows() > 1 ? size.getRows() : USUAL.rows());
  }

  /** As much of the beginning of a line as fits into so many columns. */
  public static String cut(String line, int columns) {
    AttributedString text = new AttributedString(line);
    return text.columnLength() <= columns ? line : text.columnSubSequence(0, columns).toString();
  }
}
