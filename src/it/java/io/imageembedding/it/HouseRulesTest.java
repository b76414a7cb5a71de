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
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Which room may look into which. */
class HouseRulesTest {
  private static final String ROOT = "io.imageembedding.";
  private static final String[] CORE = {
    ROOT + "types..",
    ROOT + "safety..",
    ROOT + "tensorflow..",
    ROOT + "image..",
    ROOT + "model..",
    ROOT + "batch..",
    ROOT + "embed.."
  };

  private static final ArchRule SCHEMAS_KNOW_NO_FLINK_TENSORFLOW_OR_KAFKA =
      noClasses()
          .that()
          .resideInAPackage(ROOT + "schema..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "org.apache.flink..", "org.tensorflow..", "org.apache.kafka..", ROOT + "kafka..");

  private static final ArchRule SCHEMAS_KNOW_NO_OTHER_ROOM =
      noClasses()
          .that()
          .resideInAPackage(ROOT + "schema..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(CORE);

  private static final ArchRule CORE_KNOWS_NO_KAFKA_AND_NO_AVRO =
      noClasses()
          .that()
          .resideInAnyPackage(CORE)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "org.apache.kafka..",
              "org.apache.avro..",
              "org.apache.flink.connector..",
              ROOT + "schema..",
              ROOT + "kafka..");

  private static final ArchRule NOTHING_KNOWS_JOBS =
      noClasses()
          .that()
          .resideOutsideOfPackage(ROOT + "jobs..")
          .and()
          .resideOutsideOfPackage(ROOT + "it..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage(ROOT + "jobs..");

  private static final ArchRule PIXELS_KNOW_ONLY_TENSORFLOW =
      only(ROOT + "image..", ROOT + "tensorflow..");

  private static final ArchRule MODELS_KNOW_ONLY_PIXELS_AND_TENSORFLOW =
      only(ROOT + "model..", ROOT + "image..", ROOT + "tensorflow..", ROOT + "safety..");

  private static final ArchRule BATCHES_KNOW_ONLY_TYPES = only(ROOT + "batch..", ROOT + "types..");

  private static final ArchRule TYPES_KNOW_NO_ROOM = only(ROOT + "types..");

  private static final ArchRule SAFETY_KNOWS_NO_ROOM = only(ROOT + "safety..");

  private static final ArchRule TENSORFLOW_KNOWS_NO_ROOM = only(ROOT + "tensorflow..");

  private static final ArchRule TRAINING_KNOWS_ONLY_MODELS_AND_PIXELS =
      only(
          ROOT + "training..",
          ROOT + "model..",
          ROOT + "image..",
          ROOT + "tensorflow..",
          ROOT + "safety..");

  private static final ArchRule VECTOR_STORES_KNOW_ONLY_RECORDS_AND_BATCHES =
      only(
          ROOT + "vectorstore..",
          ROOT + "schema..",
          ROOT + "batch..",
          ROOT + "types..",
          ROOT + "safety..");

  private static final ArchRule KINDS_OF_STORES_KNOW_NOT_EACH_OTHER =
      slices().matching(ROOT + "vectorstore.(*)..").should().notDependOnEachOther();

  private static final ArchRule NOTHING_KNOWS_A_KIND_OF_STORE =
      noClasses()
          .that()
          .resideOutsideOfPackage(ROOT + "vectorstore.*..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage(ROOT + "vectorstore.*..");

  private static final ArchRule FETCHING_KNOWS_NO_TENSORFLOW =
      noClasses()
          .that()
          .resideInAPackage(ROOT + "model.source..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("org.tensorflow..", ROOT + "model.network..", ROOT + "image..");

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

  private static final ArchRule NO_CYCLES =
      slices().matching(ROOT + "(*)..").should().beFreeOfCycles();

  private static final ArchRule COMMANDS_ARE_INSIDE =
      classes()
          .that()
          .resideInAPackage(ROOT + "jobs.cli..")
          .and()
          .doNotHaveSimpleName("Embed")
          .should()
          .notBePublic();

  private static final ArchRule THE_PAGE_KNOWS_NO_COMMAND =
      noClasses()
          .that()
          .resideInAPackage(ROOT + "jobs.serve..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage(ROOT + "jobs.cli..");

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .withImportOption(location -> !location.matches(Pattern.compile(".*-tests\\.jar.*")))
          .importPackages("io.imageembedding");

  static Stream<Arguments> rules() {
    return Stream.of(
        arguments(
            "schemas know no flink tensorflow or kafka", SCHEMAS_KNOW_NO_FLINK_TENSORFLOW_OR_KAFKA),
        arguments("schemas know no other room", SCHEMAS_KNOW_NO_OTHER_ROOM),
        arguments("core knows no kafka and no avro", CORE_KNOWS_NO_KAFKA_AND_NO_AVRO),
        arguments("nothing knows jobs", NOTHING_KNOWS_JOBS),
        arguments("pixels know only tensorflow", PIXELS_KNOW_ONLY_TENSORFLOW),
        arguments("models know only pixels and tensorflow", MODELS_KNOW_ONLY_PIXELS_AND_TENSORFLOW),
        arguments("batches know only types", BATCHES_KNOW_ONLY_TYPES),
        arguments("types know no room", TYPES_KNOW_NO_ROOM),
        arguments("safety knows no room", SAFETY_KNOWS_NO_ROOM),
        arguments("tensorflow knows no room", TENSORFLOW_KNOWS_NO_ROOM),
        arguments("training knows only models and pixels", TRAINING_KNOWS_ONLY_MODELS_AND_PIXELS),
        arguments(
            "vector stores know only records and batches",
            VECTOR_STORES_KNOW_ONLY_RECORDS_AND_BATCHES),
        arguments("kinds of stores know not each other", KINDS_OF_STORES_KNOW_NOT_EACH_OTHER),
        arguments("nothing knows a kind of store", NOTHING_KNOWS_A_KIND_OF_STORE),
        arguments("fetching knows no tensorflow", FETCHING_KNOWS_NO_TENSORFLOW),
        arguments("native tensorflow has one door", NATIVE_TENSORFLOW_HAS_ONE_DOOR),
        arguments("graphs and sessions have one door", GRAPHS_AND_SESSIONS_HAVE_ONE_DOOR),
        arguments("no cycles", NO_CYCLES),
        arguments("the page knows no command", THE_PAGE_KNOWS_NO_COMMAND),
        arguments("commands are inside", COMMANDS_ARE_INSIDE));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("rules")
  void holds(String name, ArchRule rule) {
    rule.check(CLASSES);
  }

  @Test
  void theClassesOfEveryModuleAreLookedAt() {
    for (String room : List.of("schema", "embed", "kafka", "training", "vectorstore", "jobs")) {
      assertThat(CLASSES.stream().map(JavaClass::getPackageName))
          .contains("io.imageembedding." + room);
    }
  }

  private static ArchRule only(String room, String... others) {
    String[] allowed = new String[others.length + 1];
    allowed[0] = room;
    System.arraycopy(others, 0, allowed, 1, others.length);
    return noClasses()
        .that()
        .resideInAPackage(room)
        .should()
        .dependOnClassesThat(
            resideInAPackage("io.imageembedding..").and(not(resideInAnyPackage(allowed))));
  }
}
