// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.StoreAddress;
import io.imageembedding.vectorstore.StoreException;
import io.imageembedding.vectorstore.VectorStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an address says, without a server. */
class PostgresSettingsTest {
  @Test
  void aPasswordComesFromAFileAndIsNeverShown(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("password"), "s3cret\n");
    String given = "postgresql://somebody@localhost/db?password-file=" + file;
    PostgresSettings settings = PostgresSettings.of(StoreAddress.parse(given));
    assertThat(settings.connection(true))
        .containsEntry("user", "somebody")
        .containsEntry("password", "s3cret");
    assertThat(settings.toString()).doesNotContain("s3cret");
    for (String written :
        List.of(
            "postgresql://somebody:s3cret@localhost/db",
            "postgresql://localhost/db?password=s3cret",
            "postgresql://localhost/db?sslpassword=s3cret")) {
      assertThatExceptionOfType(StoreException.class)
          .isThrownBy(() -> VectorStore.open(written, OpenMode.read()))
          .withMessageContaining("allowed: password-file=PATH or password-env=NAME")
          .satisfies(e -> assertThat(e.getMessage()).doesNotContain("s3cret"));
    }
  }

  @Test
  void hostsAndWhatIsWantedOfThemAreChecked() {
    String several = "postgresql://u@a:1,b:2/db";
    assertThat(PostgresSettings.of(StoreAddress.parse(several)).connection(true))
        .containsEntry("targetServerType", "primary");
    assertThat(PostgresSettings.of(StoreAddress.parse(several)).connection(false))
        .containsEntry("targetServerType", "any");
    assertThat(
            PostgresSettings.of(StoreAddress.parse(several + "?targetServerType=preferSecondary"))
                .connection(false))
        .containsEntry("targetServerType", "preferSecondary");
    assertThat(PostgresSettings.of(StoreAddress.parse("postgresql://u@a:1/db")).connection(true))
        .doesNotContainKey("targetServerType");
    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(() -> VectorStore.open(several + "?targetServerType=first", OpenMode.read()))
        .withMessageStartingWith("targetServerType: 'first' is not allowed; allowed: any, primary");
  }

  @Test
  void twoPlacesOfOnePasswordAreRefusedBeforeAnyServerIsAsked() {
    StoreAddress address =
        StoreAddress.parse("postgresql://u@a/db?password-file=/p&password-env=P");
    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(() -> new PostgresStoreProvider().check(address))
        .withMessage("password-file and password-env exclude each other");
  }
}
