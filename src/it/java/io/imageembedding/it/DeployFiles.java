// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import io.imageembedding.cli.Embed;
import io.imageembedding.jobs.JobConfiguration;
import io.imageembedding.kafka.KafkaOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.jar.JarFile;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import picocli.CommandLine;

/**
 * The files below {@code deploy/}, and what they name that is not there: options of the job and of
 * Flink, classes, jars, files, topics, metrics of ours, and arguments of the command line.
 */
final class DeployFiles {
  private static final Path PROJECT = JavaProcess.project();
  private static final FlinkKeys FLINKS = FlinkKeys.all();
  private static final Set<String> OURS =
      JobConfiguration.options().stream().map(each -> each.key()).collect(Collectors.toSet());
  private static final Pattern OPTION =
      Pattern.compile("(?<![\\w/.-])image-embedding\\.[a-z][a-z0-9.-]*[a-z0-9](?![\\w/])");
  private static final Pattern DOTTED =
      Pattern.compile("(?<![\\w/.$-])[a-z][a-z-]*(?:\\.[a-zA-Z][a-zA-Z0-9-]*)+(?![\\w/.(-])");
  private static final Pattern CLASS =
      Pattern.compile(
          "(?<![\\w/.])(?:io\\.imageembedding|org\\.apache)(?:\\.[a-z]\\w*)+\\.[A-Z]\\w*");
  private static final Pattern JAR = Pattern.compile("image-embedding-[\\w.-]*\\.jar");
  private static final Pattern PATH =
      Pattern.compile("(?<![\\w./-])((?:deploy|jobs|operators|schemas|src)/[\\w./-]*\\w)");
  private static final Pattern IN_PROJECT =
      Pattern.compile(
          "(?:\\$project\"?|\\$here/\\.\\.)/((?:deploy|jobs|operators|schemas|src)/[\\w./-]*\\w)");
  private static final Pattern LINK = Pattern.compile("]\\(([^)#:]+)(?:#[^)]*)?\\)");
  private static final Pattern MOUNT = Pattern.compile("(?m)^\\s*- (\\./[^:\\s]+):");
  private static final Pattern METRIC =
      Pattern.compile(
          "flink_\\w+_(?:imageEmbedding|microBatch|kafkaInput|kafkaOutput|vectorStore|kafkaSink)_(\\w+)");
  private static final Pattern DOCUMENTED = Pattern.compile("`([a-z]+[A-Za-z]*)`");
  private static final Pattern ARTIFACT = Pattern.compile("<artifactId>(image-embedding-[^<]+)<");
  private static final Pattern OUTPUT = Pattern.compile("/(image-embedding-[\\w-]+\\.jar)<");

  /** Beginnings of Flink's options that other names have, too. */
  private static final Set<String> AMBIGUOUS =
      Set.of("io", "job", "kubernetes", "security", "source");

  /** The Kubernetes operator's, which the manifests' own test looks at. */
  private static final List<String> OF_THE_OPERATOR = List.of("kubernetes.", "job.");

  /** Endings of files, which look like keys of options. */
  private static final Pattern FILE =
      Pattern.compile(".*\\.(sh|yaml|yml|md|properties|json|jar|py|so|log|out|txt|xml|html)");

  private final Path root;
  private final Map<String, String> texts = new TreeMap<>();
  private final Map<String, Integer> looked = new TreeMap<>();
  private final List<String> faults = new ArrayList<>();

  private DeployFiles(Path root) {
    this.root = root;
  }

  /**
   * Reads all of them; the calling test is skipped where there is no Flink whose plug-ins could be
   * looked into.
   */
  static DeployFiles of(Path root) throws IOException {
    DeployFiles files = new DeployFiles(root);
    try (Stream<Path> all = Files.walk(root)) {
      for (Path file : (Iterable<Path>) all.filter(Files::isRegularFile)::iterator) {
        String name = root.relativize(file).toString();
        if (!name.endsWith(".png") && !name.endsWith(".jpg")) {
          files.texts.put(name, Files.readString(file));
        }
      }
    }
    files.options();
    files.classes();
    files.jars();
    files.paths();
    files.topics();
    files.metrics();
    files.commands();
    return files;
  }

  /** Each with the file that it is in, what it is, and its name. */
  List<String> faults() {
    return faults;
  }

  /** How many names of each kind were looked for. */
  Map<String, Integer> looked() {
    return looked;
  }

  private void look(String file, String kind, String name, boolean there) {
    looked.merge(kind, 1, Integer::sum);
    if (!there) {
      faults.add(file + ": there is no " + kind + " " + name);
    }
  }

  private void eachIn(Pattern pattern, String kind, Predicate<String> there) {
    eachIn(file -> true, pattern, kind, there);
  }

  private void eachIn(
      Predicate<String> files, Pattern pattern, String kind, Predicate<String> there) {
    texts.forEach(
        (file, text) -> {
          if (files.test(file)) {
            new TreeSet<>(pattern.matcher(text).results().map(DeployFiles::last).toList())
                .forEach(name -> look(file, kind, name, there.test(name)));
          }
        });
  }

  private static String last(MatchResult match) {
    return match.group(match.groupCount());
  }

  private void options() {
    eachIn(OPTION, "option", key -> isOurs(key, true));
    Set<String> beginnings = FLINKS.beginnings();
    beginnings.removeAll(AMBIGUOUS);
    eachIn(
        // What is in others is read as what it is.
        file -> !file.matches(".*\\.ya?ml"),
        DOTTED,
        "option of Flink",
        key ->
            FILE.matcher(key).matches()
                || !beginnings.contains(key.substring(0, key.indexOf('.')))
                || FLINKS.knows(key, true));
    configurations()
        .forEach(
            (file, options) ->
                options
                    .keySet()
                    .forEach(
                        key ->
                            look(
                                file,
                                "option",
                                key,
                                isOption(key)
                                    || OF_THE_OPERATOR.stream().anyMatch(key::startsWith))));
  }

  private static boolean isOption(String key) {
    return isOurs(key, false) || FLINKS.knows(key, false);
  }

  private static boolean isOurs(String key, boolean prefixes) {
    return OURS.contains(key)
        || key.startsWith(KafkaOptions.PROPERTIES_PREFIX)
        || prefixes
            && (KafkaOptions.PROPERTIES_PREFIX.startsWith(key)
                || OURS.stream().anyMatch(each -> each.startsWith(key + ".")));
  }

  /** Options by the file that has them: a file of them, or a part of a manifest. */
  private Map<String, Map<String, String>> configurations() {
    Map<String, Map<String, String>> found = new TreeMap<>();
    texts.forEach(
        (file, text) -> {
          for (Map<?, ?> document : documents(file, text)) {
            Map<String, String> all = new LinkedHashMap<>();
            flatten("", document, all);
            boolean alone = all.keySet().stream().anyMatch(DeployFiles::isOption);
            Map<String, String> options = found.computeIfAbsent(file, any -> new LinkedHashMap<>());
            if (alone) {
              options.putAll(all);
            } else {
              within(document, options);
            }
          }
        });
    found.values().removeIf(Map::isEmpty);
    return found;
  }

  private static List<Map<?, ?>> documents(String file, String text) {
    List<Map<?, ?>> documents = new ArrayList<>();
    if (file.endsWith(".yaml") || file.endsWith(".yml")) {
      for (Object document : new Yaml(new SafeConstructor(new LoaderOptions())).loadAll(text)) {
        if (document instanceof Map<?, ?> map) {
          documents.add(map);
        }
      }
    }
    return documents;
  }

  private static void within(Object node, Map<String, String> options) {
    if (node instanceof Map<?, ?> map) {
      map.forEach(
          (key, value) -> {
            if (key.equals("flinkConfiguration")) {
              flatten("", value, options);
            } else if (key.equals("patch")) {
              documents("patch.yaml", value.toString()).forEach(each -> within(each, options));
            } else {
              within(value, options);
            }
          });
    } else if (node instanceof List<?> list) {
      list.forEach(each -> within(each, options));
    }
  }

  private static void flatten(String key, Object node, Map<String, String> options) {
    if (node instanceof Map<?, ?> map) {
      map.forEach(
          (name, value) -> flatten(key.isEmpty() ? "" + name : key + "." + name, value, options));
    } else {
      options.put(key, String.valueOf(node));
    }
  }

  private void classes() throws IOException {
    Set<String> plugins = new TreeSet<>();
    try (Stream<Path> files = Files.walk(DeployTools.flink().resolve("plugins"))) {
      for (Path jar :
          (Iterable<Path>) files.filter(each -> each.toString().endsWith(".jar"))::iterator) {
        try (JarFile entries = new JarFile(jar.toFile())) {
          entries.stream()
              .map(each -> each.getName().replace('/', '.').replaceFirst("\\.class$", ""))
              .forEach(plugins::add);
        }
      }
    }
    // Those of Maven's own plugins are named by the project that MavenProjectITCase builds.
    eachIn(
        CLASS,
        "class",
        name ->
            plugins.contains(name)
                || isClass(name)
                || name.startsWith("org.apache.maven.plugins."));
  }

  private static boolean isClass(String name) {
    try {
      Class.forName(name, false, DeployFiles.class.getClassLoader());
      return true;
    } catch (ClassNotFoundException e) {
      return false;
    }
  }

  private void jars() throws IOException {
    Set<String> made = new TreeSet<>();
    try (Stream<Path> poms = Files.walk(PROJECT, 3)) {
      for (Path pom : (Iterable<Path>) poms.filter(each -> each.endsWith("pom.xml"))::iterator) {
        String text = Files.readString(pom);
        OUTPUT.matcher(text).results().forEach(match -> made.add(match.group(1)));
        ARTIFACT.matcher(text).results().forEach(match -> made.add(match.group(1)));
      }
    }
    eachIn(
        JAR,
        "jar",
        name -> made.contains(name) || made.contains(name.replaceFirst("-\\d[\\w.-]*$", "")));
  }

  private void paths() throws IOException {
    for (Map.Entry<String, String> each : texts.entrySet()) {
      Set<Path> named = new TreeSet<>();
      for (Pattern pattern : List.of(PATH, IN_PROJECT)) {
        pattern
            .matcher(each.getValue())
            .results()
            .forEach(match -> named.add(PROJECT.resolve(last(match))));
      }
      for (Path path : named) {
        look(each.getKey(), "file", PROJECT.relativize(path).toString(), exists(path));
      }
      Path folder = Objects.requireNonNull(root.resolve(each.getKey()).getParent());
      Pattern relative = each.getKey().endsWith(".md") ? LINK : MOUNT;
      relative
          .matcher(each.getValue())
          .results()
          .map(DeployFiles::last)
          .filter(name -> !name.startsWith("http"))
          .forEach(
              name ->
                  look(
                      each.getKey(),
                      "file",
                      name,
                      Files.exists(folder.resolve(name))
                          || Files.exists(PROJECT.resolve("deploy").resolve(name))));
    }
  }

  /** Of what the build makes, its module knows the name. */
  private static boolean exists(Path path) throws IOException {
    String name = PROJECT.relativize(path).toString();
    int target = name.indexOf("/target/");
    if (target < 0) {
      return Files.exists(path);
    }
    String made = name.substring(target + "/target/".length()).split("/", -1)[0];
    Path pom = PROJECT.resolve(name.substring(0, target)).resolve("pom.xml");
    return Files.exists(pom)
        && (Files.readString(pom).contains(made) || made.matches("classes|bom\\.(json|xml)"));
  }

  /** A topic that a command is told is one that some job has. */
  private void topics() {
    Set<String> ofJobs = new TreeSet<>();
    Map<String, Set<String>> ofFolder = new TreeMap<>();
    configurations()
        .forEach(
            (file, options) ->
                options.forEach(
                    (key, value) -> {
                      if (key.matches("image-embedding\\.kafka\\.[a-z-]+\\.topic")) {
                        ofJobs.add(value);
                        ofFolder
                            .computeIfAbsent(file.replaceFirst("/.*", ""), any -> new TreeSet<>())
                            .add(value);
                      }
                    }));
    eachIn(Pattern.compile("--(?:from-|to-)?topic[ ,]+([a-z][\\w-]*)"), "topic", ofJobs::contains);
    String composition = texts.getOrDefault("compose.yaml", "");
    Pattern.compile("for topic in ([a-z -]+);")
        .matcher(composition)
        .results()
        .forEach(
            match -> {
              Set<String> made = Set.of(match.group(1).split(" ", -1));
              Set<String> needed = ofFolder.getOrDefault("compose", Set.of());
              made.forEach(topic -> look("compose.yaml", "topic", topic, needed.contains(topic)));
              needed.forEach(topic -> look("compose.yaml", "topic", topic, made.contains(topic)));
            });
  }

  /** Ours; names of Flink's own are held to what a cluster answers. */
  private void metrics() {
    Set<String> documented =
        DOCUMENTED
            .matcher(texts.getOrDefault("README.md", ""))
            .results()
            .map(match -> match.group(1))
            .collect(Collectors.toSet());
    eachIn(
        METRIC,
        "metric",
        name -> {
          String bare = name.replaceFirst("_(count|sum)$", "");
          return documented.contains(bare.substring(bare.lastIndexOf('_') + 1));
        });
  }

  /** What a container of the command line is told. */
  private void commands() {
    for (Map<?, ?> document : documents("compose.yaml", texts.getOrDefault("compose.yaml", ""))) {
      if (document.get("services") instanceof Map<?, ?> services) {
        services.values().stream()
            .map(service -> (Map<?, ?>) service)
            .filter(service -> "image-embedding-tools".equals(service.get("image")))
            .forEach(service -> command((List<?>) service.get("command")));
      }
    }
  }

  private void command(List<?> arguments) {
    String[] line = arguments.stream().map(String::valueOf).toArray(String[]::new);
    try {
      new CommandLine(Embed.class).parseArgs(line);
      look("compose.yaml", "command", line[0], true);
    } catch (CommandLine.ParameterException e) {
      look("compose.yaml", "command", String.join(" ", line) + ": " + e.getMessage(), false);
    }
  }
}
