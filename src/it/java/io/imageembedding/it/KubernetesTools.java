// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.imageembedding.it.JavaProcess.Ended;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Kustomize and kubeconform with the schemas of Kubernetes, as {@code
 * src/it/install-kubernetes-tools} puts them into a folder, and the operators' custom resources,
 * none of which may hold a field that their definitions lack.
 */
final class KubernetesTools {
  private static final String TOOLS = "IMAGE_EMBEDDING_KUBERNETES_TOOLS";
  private static final String DEFINITIONS = "IMAGE_EMBEDDING_FLINK_CRDS";
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final YAMLMapper YAML = new YAMLMapper();

  private final Path tools;
  private final Path folder;
  private final Map<String, String> built = new HashMap<>();
  private Path definitions;

  /**
   * Skips the test where they are missing.
   *
   * @param folder for files
   */
  KubernetesTools(Path folder) throws IOException {
    this.folder = folder;
    String named = System.getenv(TOOLS);
    tools =
        named != null
            ? Path.of(named)
            : Path.of(System.getProperty("user.home"), ".cache/image-embedding-kubernetes-tools");
    require(tools.resolve("versions"), TOOLS + ", which src/it/install-kubernetes-tools fills");
  }

  private static void require(Path path, String variable) {
    boolean there = Files.exists(path);
    if (!there && Boolean.parseBoolean(System.getenv("IMAGE_EMBEDDING_REQUIRE_TEST_DATA"))) {
      throw new AssertionError("required but missing: " + path + ", or " + variable);
    }
    assumeTrue(there, "skipped: there is no " + path + "; see " + variable);
  }

  /** What an overlay of {@code deploy/kubernetes} becomes. */
  String build(String overlay) throws IOException, InterruptedException {
    if (!built.containsKey(overlay)) {
      built.put(overlay, kustomize(overlay));
    }
    return built.get(overlay);
  }

  private String kustomize(String overlay) throws IOException, InterruptedException {
    Path source = JavaProcess.project().resolve("deploy/kubernetes/overlays").resolve(overlay);
    Ended ended =
        JavaProcess.run(
            folder,
            Map.of(),
            tools.resolve("bin/kustomize").toString(),
            "build",
            source.toString());
    if (ended.exitCode() != 0) {
      throw new AssertionError("kustomize: " + ended.err());
    }
    return String.join("\n", ended.out());
  }

  /** The resources of a text, in their order. */
  static List<JsonNode> resources(String yaml) throws IOException {
    return YAML.readerFor(JsonNode.class).<JsonNode>readValues(yaml).readAll();
  }

  /** What kubeconform says of each resource: kind, status and message. */
  List<JsonNode> check(String yaml) throws IOException, InterruptedException {
    if (definitions == null) {
      definitions = definitions();
    }
    Path file = Files.writeString(Files.createTempFile(folder, "resources", ".yaml"), yaml);
    String name = "{{ .ResourceKind }}{{ .KindSuffix }}.json";
    Ended ended =
        JavaProcess.run(
            folder,
            Map.of(),
            tools.resolve("bin/kubeconform").toString(),
            "-strict",
            "-verbose",
            "-output",
            "json",
            "-schema-location",
            tools.resolve("schemas").resolve(name).toString(),
            "-schema-location",
            definitions.resolve(name).toString(),
            file.toString());
    JsonNode said = JSON.readTree(String.join("\n", ended.out()));
    return JSON.convertValue(
        said.path("resources"),
        JSON.getTypeFactory().constructCollectionType(List.class, JsonNode.class));
  }

  private Path definitions() throws IOException {
    String named = System.getenv(DEFINITIONS);
    Path flinks =
        named != null
            ? Path.of(named)
            : JavaProcess.project().resolve("../shared/reference/crds").normalize();
    require(flinks, DEFINITIONS + ": a folder with the operator's CustomResourceDefinitions");
    Path schemas = Files.createDirectories(folder.resolve("definitions"));
    for (Path from : List.of(flinks, tools.resolve("crds"))) {
      try (Stream<Path> files = Files.list(from)) {
        for (Path file : files.filter(each -> each.toString().matches(".*\\.ya?ml")).toList()) {
          writeSchemas(YAML.readTree(Files.readString(file)).path("spec"), schemas);
        }
      }
    }
    return schemas;
  }

  private static void writeSchemas(JsonNode definition, Path schemas) throws IOException {
    for (JsonNode version : definition.path("versions")) {
      ObjectNode schema = (ObjectNode) version.path("schema").path("openAPIV3Schema");
      for (String text : List.of("apiVersion", "kind")) {
        schema.withObjectProperty("properties").putObject(text).put("type", "string");
      }
      schema.withObjectProperty("properties").putObject("metadata").put("type", "object");
      close(schema);
      String kind = definition.path("names").path("singular").asText();
      String group = definition.path("group").asText().split("\\.", 2)[0];
      Path file =
          schemas.resolve(kind + "-" + group + "-" + version.path("name").asText() + ".json");
      Files.writeString(file, schema.toString());
    }
  }

  /** Lets no object have a field that it does not name, but those that are open on purpose. */
  private static void close(JsonNode node) {
    if (node instanceof ObjectNode object
        && object.path("properties").isObject()
        && !object.has("additionalProperties")
        && !object.path("x-kubernetes-preserve-unknown-fields").asBoolean()) {
      object.put("additionalProperties", false);
    }
    node.forEach(KubernetesTools::close);
  }
}
