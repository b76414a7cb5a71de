// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScreenTest {
  private final StringWriter terminal = new StringWriter();
  private TerminalSize size = new TerminalSize(20, 10);
  private final Screen screen = new Screen(new PrintWriter(terminal), () -> size);

  @Test
  void theNextLinesStandWhereTheLastOnesWere() {
    screen.show(List.of("one", "two", "three"));
    screen.show(List.of("four"));

    assertThat(terminal)
        .hasToString(
            "\rone\u001b[K\n\rtwo\u001b[K\n\rthree\u001b[K\n\u001b[J"
                + "\u001b[3A\rfour\u001b[K\n\u001b[J");
  }

  @Test
  void whatDoesNotFitIsCutSoThatNothingWrapsOrScrolls() {
    size = new TerminalSize(6, 3);
    screen.show(List.of("123456789", "名前名前", "three", "four"));

    assertThat(terminal).hasToString("\r12345\u001b[K\n\r名前\u001b[K\n\u001b[J");
  }

  @Test
  void aTerminalThatWasMadeLowerIsNotLeftAtItsTop() {
    screen.show(List.of("1", "2", "3", "4"));
    size = new TerminalSize(20, 3);
    terminal.getBuffer().setLength(0);

    screen.show(List.of("1", "2", "3", "4"));

    assertThat(terminal.toString()).startsWith("\u001b[2A").doesNotContain("3\u001b[K");
  }

  @Test
  void textsFromOutsideMoveNothing() {
    screen.show(List.of("a\u001b[2Jb\nc"));

    assertThat(terminal).hasToString("\ra\\u001b[2Jb\\u000ac\u001b[K\n\u001b[J");
  }
}
