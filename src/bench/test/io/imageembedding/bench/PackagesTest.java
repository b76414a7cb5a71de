// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.ArchConfiguration;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.imageembedding.it.PackageCycles;
import org.junit.jupiter.api.Test;

/** The rooms of the benchmark, which those who hold the product's rooms do not see. */
class PackagesTest {

  @Test
  void noPackageImportsAnotherInACircle() {
    JavaClasses classes = ArchConfiguration.withThreadLocalScope(PackagesTest::classesAlone);
    assertThat(classes.stream().map(JavaClass::getPackageName))
        .contains("io.imageembedding.bench.section", "io.imageembedding.bench.contender");
    PackageCycles.NONE.check(classes);
  }

  /** Without those that they use, which would take longer to read than everything else here. */
  private static JavaClasses classesAlone(ArchConfiguration configuration) {
    configuration.setResolveMissingDependenciesFromClassPath(false);
    return new ClassFileImporter()
        .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
        .importPackages("io.imageembedding.bench");
  }
}
