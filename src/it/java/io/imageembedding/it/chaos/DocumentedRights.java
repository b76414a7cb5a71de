// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it.chaos;

import io.imageembedding.it.JavaProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.Resource;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;

/** The rights that a job needs on a Kafka cluster, as {@code deploy/README.md} has them. */
final class DocumentedRights {
  private static final String HEAD = "| on | rights | for |";

  private DocumentedRights() {}

  /** Those of one user, for a job of that name between the topics. */
  static List<AclBinding> of(String user, String job, TrialTopics topics) throws IOException {
    List<String> lines = Files.readAllLines(JavaProcess.project().resolve("deploy/README.md"));
    List<String> rows =
        lines.subList(lines.indexOf(HEAD) + 2, lines.size()).stream()
            .takeWhile(line -> line.startsWith("|"))
            .toList();
    List<AclBinding> rights = new ArrayList<>();
    for (String row : rows) {
      String[] cells = row.split("\\|");
      for (ResourcePattern resource : resources(cells[1].trim(), job, topics)) {
        Arrays.stream(cells[2].split(","))
            .map(right -> AclOperation.valueOf(right.trim()))
            .map(
                operation ->
                    new AccessControlEntry("User:" + user, "*", operation, AclPermissionType.ALLOW))
            .forEach(entry -> rights.add(new AclBinding(resource, entry)));
      }
    }
    return rights;
  }

  private static List<ResourcePattern> resources(String text, String job, TrialTopics topics) {
    if (text.equals("input topic")) {
      return topics(topics.images());
    }
    if (text.equals("output and dead-letter topic")) {
      return topics(topics.embeddings(), topics.deadLetters());
    }
    if (text.startsWith("group ")) {
      return List.of(new ResourcePattern(ResourceType.GROUP, job, PatternType.LITERAL));
    }
    if (text.equals("transactional ids with prefix `NAME/`")) {
      return List.of(
          new ResourcePattern(ResourceType.TRANSACTIONAL_ID, job + "/", PatternType.PREFIXED));
    }
    if (text.equals("cluster")) {
      return List.of(
          new ResourcePattern(ResourceType.CLUSTER, Resource.CLUSTER_NAME, PatternType.LITERAL));
    }
    throw new IllegalStateException("deploy/README.md has rights on '" + text + "'");
  }

  private static List<ResourcePattern> topics(String... names) {
    return Stream.of(names)
        .map(name -> new ResourcePattern(ResourceType.TOPIC, name, PatternType.LITERAL))
        .toList();
  }

  /** Whether what {@link TestingAuthorizer} wrote down is a use of the right. */
  static boolean isUse(AclBinding right, String line) {
    String[] words = line.split(" ", 4);
    ResourcePattern resource = right.pattern();
    return words[0].equals("ALLOWED")
        && words[1].equals(right.entry().operation().name())
        && words[2].equals(resource.resourceType().name())
        && (resource.patternType() == PatternType.PREFIXED
            ? words[3].startsWith(resource.name())
            : words[3].equals(resource.name()));
  }
}
