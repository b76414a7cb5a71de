// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What {@code deploy/container/Dockerfile} says of how a container of one of its images runs: its
 * environment, its user, its entry point, its check.
 */
final class ContainerRecipe {
  private static final Pattern STAGE = Pattern.compile("FROM \\S+ AS (\\w+)");
  private static final Pattern VARIABLE = Pattern.compile("(\\w+)=(\"([^\"]*)\"|\\S+)");
  private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"");

  private final List<String> instructions = new ArrayList<>();

  private ContainerRecipe() {}

  /** Reads one stage. */
  static ContainerRecipe of(String stage) throws IOException {
    ContainerRecipe recipe = new ContainerRecipe();
    Path file = JavaProcess.project().resolve("deploy/container/Dockerfile");
    String current = "";
    for (String line :
        Files.readString(file).replaceAll("(?m)^#.*\n", "").replace("\\\n", " ").split("\n", -1)) {
      Matcher begins = STAGE.matcher(line);
      if (begins.matches()) {
        current = begins.group(1);
      } else if (current.equals(stage)) {
        recipe.instructions.add(line);
      }
    }
    return recipe;
  }

  Map<String, String> environment() {
    Map<String, String> environment = new TreeMap<>();
    Matcher variables = VARIABLE.matcher(only("ENV "));
    while (variables.find()) {
      environment.put(
          variables.group(1), variables.group(3) == null ? variables.group(2) : variables.group(3));
    }
    return environment;
  }

  /** A number for user and group. */
  String user() {
    return only("USER ").split(":", -1)[0];
  }

  List<String> entryPoint() {
    return words(only("ENTRYPOINT "));
  }

  List<String> check() {
    return words(only("HEALTHCHECK "));
  }

  /** Folders that are made for its user. */
  List<String> writable() {
    String made = only("RUN install -d ");
    return Pattern.compile("/\\S+").matcher(made).results().map(match -> match.group()).toList();
  }

  private static List<String> words(String json) {
    return WORD.matcher(json).results().map(match -> match.group(1)).toList();
  }

  private String only(String instruction) {
    List<String> found =
        instructions.stream().filter(line -> line.startsWith(instruction)).toList();
    if (found.size() != 1) {
      throw new AssertionError("needed: one " + instruction + "; found: " + found);
    }
    return found.get(0).substring(instruction.length());
  }
}
