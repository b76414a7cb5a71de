// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.RetryPolicy;
import io.imageembedding.vectorstore.StoreAddress;
import io.imageembedding.vectorstore.StoreException;
import io.imageembedding.vectorstore.VectorStore;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** No password goes to another machine in clear unless the address says so. */
@Timeout(value = 1, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PasswordsInClearTest {
  private static final int TLS_REQUEST = 80_877_103;

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      delimiter = '|',
      value = {
        "db.example.org:5432 | | require",
        "10.0.0.7 | | require",
        "[2001:db8::1]:5432 | | require",
        "localhost:5432,db.example.org | | require",
        "localhost.example.org | | require",
        "db.example.org | &sslrootcert=/ca.pem | verify-full",
        "db.example.org | &sslmode=disable | disable",
        "db.example.org | &sslmode=verify-ca | verify-ca",
        "localhost:5432 | | -",
        "127.0.0.1 | | -",
        "[::1]:5432 | | -",
      })
  void sslmodeIsRequireWhereNothingIsSaid(String host, String more, String mode) {
    String address = "postgresql://u@" + host + "/d?table=t" + (more == null ? "" : more);

    assertThat(PostgresSettings.of(StoreAddress.parse(address)).connection(true).get("sslmode"))
        .isEqualTo(mode);
  }

  @ParameterizedTest
  @ValueSource(strings = {"sslmode=reqire", "sslmode=", "channelBinding=perhaps"})
  void anUnknownModeIsRefusedByNameAndWhatIsAllowed(String option) {
    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(() -> PostgresSettings.of(StoreAddress.parse("postgresql://h/d?" + option)))
        .withMessageContainingAll(option.replaceFirst("=.*", ": '"), "allowed: ", "require");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "socketFactory=x",
        "sslfactory=x",
        "loggerFile=/tmp/x",
        "options=-c",
        "gssEncMode=x"
      })
  void whatTheDriverKnowsAndWeDoNotIsRefusedByName(String option) {
    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(() -> PostgresSettings.of(StoreAddress.parse("postgresql://h/d?" + option)))
        .withMessageContainingAll(
            "has no option '" + option.replaceFirst("=.*", "") + "'", "there are ", "sslmode");
  }

  /** A server that says that it has no TLS, as one in the middle would. */
  @Test
  void aServerWithoutTlsHearsNothingButTheQuestionForIt(@TempDir Path folder) throws Exception {
    Path password = Files.writeString(folder.resolve("password"), "geheim");
    try (ServerSocket server = new ServerSocket(0, 5, InetAddress.getByName("0.0.0.0"))) {
      CompletableFuture<Integer> heard = CompletableFuture.supplyAsync(() -> heard(server));
      assertThatExceptionOfType(StoreException.class)
          .isThrownBy(
              () ->
                  VectorStore.open(
                      // Another name of this machine, by which nobody can tell that it is one.
                      "postgresql://u@0.0.0.0:%d/d?password-file=%s"
                          .formatted(server.getLocalPort(), password),
                      OpenMode.read().retrying(RetryPolicy.NONE)))
          .withMessageContaining("sslmode=disable")
          .satisfies(e -> assertThat(e.getMessage()).doesNotContain("geheim", "\n"));
      assertThat(heard.get(30, TimeUnit.SECONDS)).as("bytes behind the question").isZero();
    }
  }

  private static int heard(ServerSocket server) {
    try (Socket client = server.accept()) {
      DataInputStream in = new DataInputStream(client.getInputStream());
      assertThat(in.readInt()).isEqualTo(8);
      assertThat(in.readInt()).isEqualTo(TLS_REQUEST);
      client.getOutputStream().write('N');
      return in.readAllBytes().length;
    } catch (IOException e) {
      return 0;
    }
  }
}
