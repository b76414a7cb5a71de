// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A command that a Markdown file tells people to type: a line of a block of code, or what stands
 * between backquotes, begins with one of our programs and is not cut short by an ellipsis. Every
 * block is one of commands, unless its fence names a language or its beginning is among those that
 * only show something.
 *
 * @param place file and line, for messages
 * @param text without comments, in one line
 */
record DocumentedCommand(String place, String text) {

  /**
   * What blocks begin with that show something: a picture, a table, output, settings, a formula.
   */
  private static final List<String> SHOWN =
      List.of("┌", "IMAGE ", "images in ", "classloader.", "400 MB", "sinks ×");

  private static final Pattern COMMENT = Pattern.compile("\\s+#\\s.*$");
  private static final Pattern SPAN = Pattern.compile("`([^`]+)`");

  /** With something to it: the bare name of a command is a mention. */
  private static final Pattern COMMAND =
      Pattern.compile("(?:\\./embed|flink|mvn|jcmd|docker|kubectl|src/\\S+)(?: -.*| \\S+ \\S.*)");

  /** All that a file has, in order. */
  static List<DocumentedCommand> of(Path project, String file) throws IOException {
    Reader reader = new Reader(file);
    List<String> lines = Files.readAllLines(project.resolve(file));
    for (int i = 0; i < lines.size(); i++) {
      reader.read(i + 1, lines.get(i));
    }
    reader.endOfBlock();
    reader.endOfProse();
    return reader.commands;
  }

  /** Goes through one file, line by line. */
  private static final class Reader {
    private final String file;
    private final List<DocumentedCommand> commands = new ArrayList<>();
    private final List<DocumentedCommand> block = new ArrayList<>();
    private final StringBuilder prose = new StringBuilder();
    private String fence;
    private boolean mayBegin = true;
    private boolean continued;
    private int proseLine;

    Reader(String file) {
      this.file = file;
    }

    void read(int number, String line) {
      String text = line.strip();
      if (text.startsWith("```")) {
        endOfBlock();
        endOfProse();
        fence = fence == null ? text.substring(3) : null;
        mayBegin = true;
      } else if (fence != null) {
        if (fence.isEmpty() || fence.equals("sh")) {
          code(number, text);
        }
      } else if (text.isEmpty()) {
        endOfProse();
        mayBegin = true;
      } else if (line.startsWith("    ") && (mayBegin || !block.isEmpty())) {
        code(number, text);
      } else {
        endOfBlock();
        // A block of code may stand right below a heading.
        mayBegin = text.startsWith("#");
        proseLine = prose.isEmpty() ? number : proseLine;
        prose.append(text).append(' ');
      }
    }

    private void code(int number, String text) {
      String whole = COMMENT.matcher(text).replaceFirst("");
      boolean goesOn = whole.endsWith("\\");
      String part = goesOn ? whole.substring(0, whole.length() - 1).strip() : whole;
      if (continued) {
        DocumentedCommand begun = block.remove(block.size() - 1);
        block.add(new DocumentedCommand(begun.place, begun.text + " " + part));
      } else {
        block.add(new DocumentedCommand(file + ":" + number, part));
      }
      continued = goesOn;
    }

    void endOfBlock() {
      if (!block.isEmpty() && SHOWN.stream().noneMatch(block.get(0).text::startsWith)) {
        commands.addAll(block);
      }
      block.clear();
      continued = false;
    }

    void endOfProse() {
      Matcher spans = SPAN.matcher(prose);
      while (spans.find()) {
        String text = spans.group(1);
        if (COMMAND.matcher(text).matches() && !text.contains("…")) {
          commands.add(new DocumentedCommand(file + ":" + proseLine, text));
        }
      }
      prose.setLength(0);
    }
  }
}
