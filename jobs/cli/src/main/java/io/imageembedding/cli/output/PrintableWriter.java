// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.output;

import io.imageembedding.safety.Printable;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.Locale;
import org.apache.flink.annotation.Internal;

/**
 * Where commands print. What is printed as a line is one, and what is put into a format stays
 * within its place; nowhere does a character get through that a terminal obeys or nobody sees,
 * whoever thought of the id, name or message. Line breaks, returns and tabs in texts that are
 * printed apart from these are the command's own.
 */
@Internal
public final class PrintableWriter extends PrintWriter {

  public PrintableWriter(PrintWriter out) {
    super(out, true);
  }

  @Override
  public void println(String line) {
    super.println(Printable.line(line));
  }

  @Override
  public void println(Object line) {
    super.println(Printable.line(line));
  }

  @Override
  public PrintWriter format(String format, Object... arguments) {
    return super.format(format, printable(arguments));
  }

  @Override
  public PrintWriter format(Locale locale, String format, Object... arguments) {
    return super.format(locale, format, printable(arguments));
  }

  private static Object[] printable(Object... arguments) {
    return Arrays.stream(arguments)
        .map(argument -> argument instanceof CharSequence text ? Printable.line(text) : argument)
        .toArray();
  }

  @Override
  public void write(int character) {
    write(String.valueOf((char) character));
  }

  @Override
  public void write(char[] characters, int offset, int length) {
    write(new String(characters, offset, length));
  }

  @Override
  public void write(String text, int offset, int length) {
    StringBuilder printable = new StringBuilder(length);
    text.substring(offset, offset + length)
        .codePoints()
        .forEach(
            character -> {
              if (character == '\n' || character == '\r' || character == '\t') {
                printable.appendCodePoint(character);
              } else {
                printable.append(Printable.line(Character.toString(character)));
              }
            });
    super.write(printable.toString(), 0, printable.length());
  }

  @Override
  public void write(String text) {
    write(text, 0, text.length());
  }
}
