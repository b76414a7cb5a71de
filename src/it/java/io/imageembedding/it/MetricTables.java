// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What {@code deploy/README.md} says that there is to watch. */
final class MetricTables {
  private static final Pattern GROUP = Pattern.compile("^(?:In|.* in) the group `(\\w+)`.*");
  private static final Pattern ROW =
      Pattern.compile("^\\| (`\\w+`(?:, `\\w+`)*) \\| ([^|]*) \\| (.*) \\|$");
  private static final Pattern NAME = Pattern.compile("`(\\w+)`");
  private static final Pattern SUBGROUPS =
      Pattern.compile("in (?:a group|groups) (`\\w+`(?:(?:, | and )`\\w+`)*)");

  /**
   * A metric.
   *
   * @param groups that it is in below {@code group}, one in the other, whose values are labels
   */
  record Documented(String group, List<String> groups, String name, String kind) {

    /** Its name in Prometheus. */
    String prometheus() {
      StringBuilder name = new StringBuilder("flink_taskmanager_job_task_operator_").append(group);
      groups.forEach(each -> name.append('_').append(each));
      return name.append('_').append(this.name).toString();
    }
  }

  private MetricTables() {}

  static List<Documented> read(Path readme) throws IOException {
    List<Documented> documented = new ArrayList<>();
    String group = null;
    for (String line : Files.readAllLines(readme)) {
      Matcher heading = GROUP.matcher(line);
      if (heading.matches()) {
        group = heading.group(1);
      } else if (line.startsWith("#")) {
        group = null;
      }
      Matcher row = ROW.matcher(line);
      if (group != null && row.matches()) {
        Matcher subgroups = SUBGROUPS.matcher(row.group(3));
        List<String> groups = subgroups.find() ? names(subgroups.group(1)) : List.of();
        for (String name : names(row.group(1))) {
          documented.add(
              new Documented(group, groups, name, row.group(2).replaceFirst("(s|,.*)$", "")));
        }
      }
    }
    return documented;
  }

  private static List<String> names(String list) {
    return NAME.matcher(list).results().map(name -> name.group(1)).toList();
  }
}
