// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The tables of {@code deploy/SIZING.md}. */
public final class SizingDocument {
  private SizingDocument() {}

  /** Cells of the rows below a head. */
  public static List<List<String>> table(String head) throws IOException {
    List<String> lines = Files.readAllLines(JavaProcess.project().resolve("deploy/SIZING.md"));
    List<List<String>> rows = new ArrayList<>();
    boolean inTable = false;
    for (String line : lines) {
      if (line.startsWith(head)) {
        inTable = true;
      } else if (inTable && !line.startsWith("|")) {
        return rows;
      } else if (inTable && !line.startsWith("|--")) {
        rows.add(Arrays.stream(line.substring(1).split("\\|")).map(String::strip).toList());
      }
    }
    throw new AssertionError("there is no table '" + head + "'");
  }
}
