// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaAccess.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.PackageMatcher;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import io.imageembedding.annotation.Internal;
import io.imageembedding.annotation.PublicEvolving;
import io.imageembedding.vectorstore.VectorStoreProvider;
import java.io.IOException;
import java.lang.annotation.Annotation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.avro.specific.AvroGenerated;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Which room may look into which. */
class HouseRulesTest {
  private static final String ROOT = "io.imageembedding.";

  /**
   * Which of our packages each may look into, beside itself; those without dots at the end alone.
   */
  private static final Map<String, List<String>> SEES = new LinkedHashMap<>();

  static {
    sees("annotation");
    sees("safety..");
    sees("embedding..", "safety..");
    sees("schema..", "embedding..", "safety..");
    sees("broker..", "safety..");
    // The engine.
    sees("tensorflow..");
    sees("image..", "embedding..", "tensorflow..");
    sees("model", "embedding..", "image..");
    sees("model.graph", "model", "embedding..", "tensorflow..");
    sees("model.network", "model", "model.graph", "embedding..");
    String[] engine = {
      "model", "model.graph", "model.network", "embedding..", "image..", "tensorflow..", "safety.."
    };
    sees("model.run", engine);
    sees("model.optimize", with(engine, "model.run"));
    sees("model.format", with(engine, "model.run", "model.optimize"));
    sees("model.export", with(engine, "model.run", "model.optimize", "model.format"));
    sees("model.fetch", "model", "embedding..", "safety..");
    sees(
        "model.source",
        with(engine, "model.run", "model.optimize", "model.format", "model.export", "model.fetch"));
    sees("embed..", "model", "embedding..", "image..", "tensorflow..", "safety..");
    sees("training..", "model..", "embedding..", "image..", "tensorflow..", "safety..");
    // The stores.
    sees("vectorstore", "embedding..", "safety..");
    for (String kind : storePackages()) {
      sees(kind, "vectorstore", "embedding..", "safety..");
    }
    sees("vectorstore.tool..", "vectorstore", "embedding..", "safety..");
    // What tests are made of: nothing that runs inside a task, so that its tests can use it.
    sees(
        "testkit..",
        "model",
        "embedding..",
        "image..",
        "schema..",
        "vectorstore",
        "vectorstore.tool..");
    // What runs inside a task.
    sees("types..");
    sees("batch..", "types..");
    sees("flink..", with(engine, "batch..", "types..", "embed..", "model.fetch"));
    sees("vectorstore.sink..", "vectorstore", "batch..", "types..", "embedding..", "safety..");
    sees(
        "table..",
        "flink..",
        "batch..",
        "embed..",
        "model",
        "image..",
        "embedding..",
        "vectorstore",
        "vectorstore.sink..",
        "safety..");
    sees("kafka", "flink..", "types..", "embed..", "embedding..", "schema..", "safety..");
    sees("kafka.replay..", "schema..", "safety..");
  }

  private static final String[] NO_FLINK =
      Stream.concat(
              Stream.of(
                  ROOT + "annotation..",
                  ROOT + "safety..",
                  ROOT + "embedding..",
                  ROOT + "tensorflow..",
                  ROOT + "image..",
                  ROOT + "model..",
                  ROOT + "embed..",
                  ROOT + "training..",
                  ROOT + "vectorstore",
                  ROOT + "vectorstore.tool.."),
              Stream.of(withRoot(storePackages())))
          .toArray(String[]::new);

  private static final ArchRule THE_ENGINE_AND_THE_STORES_KNOW_NO_FLINK_KAFKA_OR_AVRO =
      noClasses()
          .that()
          .resideInAnyPackage(NO_FLINK)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("org.apache.flink..", "org.apache.kafka..", "org.apache.avro..");

  private static final ArchRule SCHEMAS_KNOW_NO_FLINK_TENSORFLOW_OR_KAFKA =
      noClasses()
          .that()
          .resideInAPackage(ROOT + "schema..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("org.apache.flink..", "org.tensorflow..", "org.apache.kafka..");

  private static final ArchRule CORE_KNOWS_NO_KAFKA_AND_NO_AVRO =
      noClasses()
          .that()
          .resideInAnyPackage(ROOT + "batch..", ROOT + "types..", ROOT + "flink..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "org.apache.kafka..", "org.apache.avro..", "org.apache.flink.connector..");

  private static final ArchRule NOTHING_KNOWS_THE_JOB_BUT_COMMANDS =
      noClasses()
          .that()
          .resideOutsideOfPackages(ROOT + "jobs..", ROOT + "cli..", ROOT + "it..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(ROOT + "jobs..", ROOT + "cli..");

  private static final ArchRule THE_JOB_KNOWS_NO_COMMAND =
      noClasses()
          .that()
          .resideInAPackage(ROOT + "jobs..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(ROOT + "cli..", ROOT + "training..");

  private static final ArchRule NOTHING_KNOWS_A_KIND_OF_STORE =
      noClasses()
          .that()
          .resideOutsideOfPackages(withRoot(storePackages()))
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(withRoot(storePackages()));

  private static final ArchRule FETCHING_KNOWS_NO_TENSORFLOW =
      noClasses()
          .that()
          .resideInAPackage(ROOT + "model.fetch..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.tensorflow..");

  private static final ArchRule NATIVE_TENSORFLOW_HAS_ONE_DOOR =
      noClasses()
          .that()
          .resideOutsideOfPackage(ROOT + "tensorflow..")
          .should()
          .dependOnClassesThat()
          .haveNameMatching("org\\.tensorflow\\.(TensorFlow|EagerSession|SavedModelBundle)");

  private static final ArchRule GRAPHS_AND_SESSIONS_HAVE_ONE_DOOR =
      noClasses()
          .that()
          .resideOutsideOfPackage(ROOT + "tensorflow..")
          .and()
          .resideOutsideOfPackage(ROOT + "bench..")
          .should()
          .callConstructorWhere(target(owner(nameMatching("org\\.tensorflow\\.(Graph|Session)"))));

  private static final ArchRule COMMANDS_ARE_INSIDE =
      classes()
          .that()
          .resideInAPackage(ROOT + "cli")
          .and()
          .doNotHaveSimpleName("Embed")
          .should()
          .notBePublic();

  private static final ArchRule ROOMS_KNOW_NO_COMMAND =
      noClasses()
          .that()
          .resideInAPackage(ROOT + "cli.*..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage(ROOT + "cli");

  /** Records of the topics are made from their schemas, which say what may change in them. */
  private static final ArchRule WHAT_IS_PUBLIC_SAYS_FOR_WHOM =
      classes()
          .that()
          .arePublic()
          .and()
          .areTopLevelClasses()
          .and()
          .areNotAnnotatedWith(AvroGenerated.class)
          .and()
          .resideOutsideOfPackages(ROOT + "annotation", ROOT + "it..", ROOT + "bench..")
          .should()
          .beAnnotatedWith(org.apache.flink.annotation.PublicEvolving.class)
          .orShould()
          .beAnnotatedWith(org.apache.flink.annotation.Internal.class)
          .orShould()
          .beAnnotatedWith(PublicEvolving.class)
          .orShould()
          .beAnnotatedWith(Internal.class);

  private static final Set<String> STORE_ROOMS =
      Set.of(
          "Store",
          "StoreProvider",
          "Settings",
          "Schema",
          "Rows",
          "Queries",
          "Search",
          "Upsert",
          "Failures");

  /** Those of a store on a server. */
  private static final Set<String> SERVER_ROOMS =
      Stream.concat(STORE_ROOMS.stream(), Stream.of("Connection")).collect(Collectors.toSet());

  private static final DescribedPredicate<JavaClass> INTERNAL =
      markedWith(org.apache.flink.annotation.Internal.class, Internal.class);

  private static final DescribedPredicate<JavaClass> FOR_USERS =
      markedWith(org.apache.flink.annotation.PublicEvolving.class, PublicEvolving.class);

  static final ArchRule EXAMPLES_USE_NOTHING_INTERNAL =
      noClasses().should().dependOnClassesThat(INTERNAL);

  private static final ArchRule WHAT_USERS_SEE_SHOWS_NOTHING_INTERNAL =
      classes().that(FOR_USERS).should(showNothingInternal());

  private static final ArchRule WHAT_USERS_SEE_SAYS_WHERE_NULL_IS_ALLOWED =
      classes().that(FOR_USERS).should(beNullMarked());

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .withImportOption(location -> !location.matches(Pattern.compile(".*-tests\\.jar.*")))
          .importPackages("io.imageembedding");

  private static ArchCondition<JavaClass> beNullMarked() {
    return new ArchCondition<>("be NullMarked, or their package") {
      @Override
      public void check(JavaClass type, ConditionEvents events) {
        boolean marked = type.getPackage().isAnnotatedWith(NullMarked.class);
        for (Optional<JavaClass> each = Optional.of(type);
            each.isPresent();
            each = each.get().getEnclosingClass()) {
          marked |= each.get().isAnnotatedWith(NullMarked.class);
        }
        events.add(new SimpleConditionEvent(type, marked, type.getName() + " is not NullMarked"));
      }
    };
  }

  static Stream<Arguments> rules() {
    Stream<Arguments> rooms =
        SEES.entrySet().stream()
            .map(
                room ->
                    arguments(
                        room.getKey() + " sees " + room.getValue(),
                        only(room.getKey(), room.getValue())));
    return Stream.concat(
        rooms,
        Stream.of(
            arguments(
                "the engine and the stores know no flink, kafka or avro",
                THE_ENGINE_AND_THE_STORES_KNOW_NO_FLINK_KAFKA_OR_AVRO),
            arguments(
                "schemas know no flink tensorflow or kafka",
                SCHEMAS_KNOW_NO_FLINK_TENSORFLOW_OR_KAFKA),
            arguments("core knows no kafka and no avro", CORE_KNOWS_NO_KAFKA_AND_NO_AVRO),
            arguments("nothing knows the job but commands", NOTHING_KNOWS_THE_JOB_BUT_COMMANDS),
            arguments("the job knows no command", THE_JOB_KNOWS_NO_COMMAND),
            arguments("nothing knows a kind of store", NOTHING_KNOWS_A_KIND_OF_STORE),
            arguments("fetching knows no tensorflow", FETCHING_KNOWS_NO_TENSORFLOW),
            arguments("native tensorflow has one door", NATIVE_TENSORFLOW_HAS_ONE_DOOR),
            arguments("graphs and sessions have one door", GRAPHS_AND_SESSIONS_HAVE_ONE_DOOR),
            arguments("what is public says for whom", WHAT_IS_PUBLIC_SAYS_FOR_WHOM),
            arguments(
                "what users see shows nothing internal", WHAT_USERS_SEE_SHOWS_NOTHING_INTERNAL),
            arguments(
                "what users see says where null is allowed",
                WHAT_USERS_SEE_SAYS_WHERE_NULL_IS_ALLOWED),
            arguments("no cycles", PackageCycles.NONE),
            arguments("commands are inside", COMMANDS_ARE_INSIDE),
            arguments("rooms know no command", ROOMS_KNOW_NO_COMMAND)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("rules")
  void holds(String name, ArchRule rule) {
    rule.check(CLASSES);
  }

  @Test
  void examplesUseNothingInternal() {
    JavaClasses examples =
        new ClassFileImporter()
            .importPath(
                JavaProcess.project()
                    .resolve("operators/core/target/test-classes/io/imageembedding/example"));
    EXAMPLES_USE_NOTHING_INTERNAL.check(examples);
  }

  @Test
  void theClassesOfEveryModuleAreLookedAt() {
    for (String room :
        List.of(
            "embedding",
            "schema",
            "model.source",
            "embed",
            "flink",
            "kafka",
            "training",
            "vectorstore.sink",
            "vectorstore.milvus",
            "broker",
            "testkit",
            "table",
            "jobs",
            "cli.page")) {
      assertThat(CLASSES.stream().map(JavaClass::getPackageName))
          .contains("io.imageembedding." + room);
    }
  }

  /** A longer one is several; what they are is found by what changes together. */
  @Test
  void noFileOfMainHasMoreThan400Lines() throws IOException {
    Map<String, Long> lines = new TreeMap<>();
    try (Stream<Path> files = Files.walk(JavaProcess.project())) {
      for (Path file : files.filter(HouseRulesTest::isMain).toList()) {
        try (Stream<String> all = Files.lines(file)) {
          lines.put(JavaProcess.project().relativize(file).toString(), all.count());
        }
      }
    }
    assertThat(lines).hasSizeGreaterThan(300);
    assertThat(lines.entrySet()).filteredOn(file -> file.getValue() > 400).isEmpty();
  }

  private static boolean isMain(Path file) {
    String path = JavaProcess.project().relativize(file).toString().replace('\\', '/');
    return path.matches(".*\\.java") && path.matches("(.*/src/main|src/bench)/java/.*");
  }

  /** A package that no rule names would be free to see everything. */
  @Test
  void everyPackageHasItsRule() {
    List<String> named =
        Stream.concat(SEES.keySet().stream(), Stream.of("jobs..", "cli..")).toList();
    assertThat(CLASSES.stream().map(JavaClass::getPackageName).distinct())
        .filteredOn(name -> !name.startsWith(ROOT + "it"))
        .allSatisfy(
            name ->
                assertThat(named)
                    .anySatisfy(
                        room -> assertThat(PackageMatcher.of(ROOT + room).matches(name)).isTrue()));
  }

  /** Who knows one store finds the way in the others. */
  @Test
  void everyStoreHasTheSameRooms() {
    assertThat(storeKinds()).hasSizeGreaterThanOrEqualTo(3);
    for (Class<?> kind : storeKinds()) {
      String store = kind.getSimpleName().replace("StoreProvider", "");
      assertThat(SERVER_ROOMS).as(store).containsAll(rooms(kind.getPackageName(), store));
    }
    assertThat(rooms(ROOT + "vectorstore.lucene", "Lucene")).isEqualTo(STORE_ROOMS);
    assertThat(rooms(ROOT + "vectorstore.postgres", "Postgres")).isEqualTo(SERVER_ROOMS);
    assertThat(rooms(ROOT + "vectorstore.milvus", "Milvus")).isEqualTo(SERVER_ROOMS);
  }

  /** Kinds of stores, as they say themselves that they are there. */
  private static List<Class<?>> storeKinds() {
    return ServiceLoader.load(VectorStoreProvider.class).stream()
        .<Class<?>>map(ServiceLoader.Provider::type)
        .filter(kind -> kind.getPackageName().startsWith(ROOT + "vectorstore."))
        .toList();
  }

  private static List<String> storePackages() {
    return storeKinds().stream()
        .map(kind -> kind.getPackageName().substring(ROOT.length()) + "..")
        .distinct()
        .toList();
  }

  private static String[] withRoot(List<String> rooms) {
    return rooms.stream().map(ROOT::concat).toArray(String[]::new);
  }

  /** Classes of a store's package that bear its name; what only one store has, does not. */
  private static Set<String> rooms(String room, String store) {
    return CLASSES.stream()
        .filter(type -> type.getPackageName().equals(room))
        .filter(type -> type.isTopLevelClass() && type.getSimpleName().startsWith(store))
        .map(type -> type.getSimpleName().substring(store.length()))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Every room has the marks of the API. */
  private static void sees(String room, String... others) {
    SEES.put(room, Stream.concat(Stream.of("annotation"), Stream.of(others)).toList());
  }

  private static String[] with(String[] some, String... more) {
    return Stream.concat(Stream.of(some), Stream.of(more)).toArray(String[]::new);
  }

  private static ArchRule only(String room, List<String> others) {
    String[] allowed =
        Stream.concat(Stream.of(room), others.stream()).map(ROOT::concat).toArray(String[]::new);
    return noClasses()
        .that()
        .resideInAPackage(ROOT + room)
        .should()
        .dependOnClassesThat(
            resideInAPackage("io.imageembedding..").and(not(resideInAnyPackage(allowed))));
  }

  /** Of a type, or of the one that it stands in. */
  private static DescribedPredicate<JavaClass> markedWith(
      Class<? extends Annotation> flinks, Class<? extends Annotation> ours) {
    return DescribedPredicate.describe(
        "marked as " + ours.getSimpleName(),
        type -> {
          JavaClass each = type.getBaseComponentType();
          while (each.getEnclosingClass().isPresent()) {
            each = each.getEnclosingClass().get();
          }
          return each.isAnnotatedWith(flinks) || each.isAnnotatedWith(ours);
        });
  }

  private static ArchCondition<JavaClass> showNothingInternal() {
    return new ArchCondition<>("show nothing internal") {
      @Override
      public void check(JavaClass type, ConditionEvents events) {
        for (JavaMember member : type.getMembers()) {
          if (member.getModifiers().contains(JavaModifier.SYNTHETIC)
              || !(member.getModifiers().contains(JavaModifier.PUBLIC)
                  || member.getModifiers().contains(JavaModifier.PROTECTED))
              || member.isAnnotatedWith(org.apache.flink.annotation.Internal.class)
              || member.isAnnotatedWith(Internal.class)) {
            continue;
          }
          Stream<JavaClass> shown =
              member instanceof JavaCodeUnit unit
                  ? Stream.concat(
                      Stream.of(unit.getRawReturnType()), unit.getRawParameterTypes().stream())
                  : Stream.of(((JavaField) member).getRawType());
          shown
              .filter(INTERNAL)
              .forEach(
                  each ->
                      events.add(
                          SimpleConditionEvent.violated(
                              member, member.getFullName() + " shows " + each.getName())));
        }
      }
    };
  }
}
