// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.output;

import io.imageembedding.safety.Printable;
import java.io.PrintWriter;
import java.util.List;
import java.util.function.Supplier;
import org.apache.flink.annotation.Internal;

/**
 * Lines of a terminal that are written over by the next ones. The only escapes that reach it are
 * those that move the cursor up and erase; what stands in the lines is printed as text.
 */
@Internal
public final class Screen {
  private static final String UP = "\u001b[%dA";
  private static final String ERASE_TO_END_OF_LINE = "\u001b[K";
  private static final String ERASE_BELOW = "\u001b[J";

  private final PrintWriter terminal;
  private final Supplier<TerminalSize> size;
  private int shown;

  /**
   * @param terminal that takes escapes
   */
  public Screen(PrintWriter terminal, Supplier<TerminalSize> size) {
    this.terminal = terminal;
    this.size = size;
  }

  /** Writes the lines where the last ones were, as far as they fit. */
  public void show(List<String> lines) {
    TerminalSize fits = size.get();
    StringBuilder text = new StringBuilder();
    if (shown > 0) {
      text.append(String.format(UP, Math.min(shown, fits.rows() - 1)));
    }
    int count = Math.min(lines.size(), fits.rows() - 1);
    for (String line : lines.subList(0, count)) {
      text.append('\r')
          .append(TerminalSize.cut(Printable.line(line), fits.columns() - 1))
          .append(ERASE_TO_END_OF_LINE)
          .append('\n');
    }
    shown = count;
    terminal.print(text.append(ERASE_BELOW));
    terminal.flush();
  }
}
