// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.milvus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.RetryPolicy;
import io.imageembedding.vectorstore.StoreAddress;
import io.imageembedding.vectorstore.StoreException;
import io.imageembedding.vectorstore.VectorStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an address says, without a server. */
class MilvusSettingsTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "milvus:localhost | is not of the form milvus://HOST:PORT/DATABASE?collection=NAME",
        "milvus://localhost:19530/a/b | is not of the form",
        "milvus://localhost:99999 | the port is not from 1 to 65535",
        "milvus://localhost?collection=a-b | collection: 'a-b' is not allowed; allowed: letters",
        "milvus://localhost?secure=yes | secure: 'yes' is not allowed; allowed: true or false",
        "milvus://localhost?ca-file=x | ca-file has a meaning with secure=true only",
        "milvus://localhost?token-file=x&token-env=Y | token-file and token-env exclude each other",
        "milvus://localhost?consistency=often | 'often' is not allowed; allowed: strong or bounded",
        "milvus://localhost?ef-search=0 | ef-search: '0' is not allowed; allowed: 1 to 10000",
        "milvus://localhost?m=x | m: 'x' is not allowed; allowed: 2 to 100",
        "milvus://localhost?timeout=0 | timeout: '0' is not allowed; allowed: 1 to 86400",
        "milvus://localhost?table=x | has no option 'table'; there are ca-file, collection"
      })
  void aWrongAddressIsOneClearLine(String wrong, String message) {
    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(() -> VectorStore.open(wrong, OpenMode.read().retrying(RetryPolicy.NONE)))
        .withMessageContaining(message);
  }

  @Test
  void aTokenComesFromAFileAndIsNeverShown(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("token"), "root:s3cret\n");
    MilvusSettings settings =
        MilvusSettings.of(StoreAddress.parse("milvus://h:1/db?secure=true&token-file=" + file));
    assertThat(settings.connection().getToken()).isEqualTo("root:s3cret");
    assertThat(settings.connection().getUri()).isEqualTo("https://h:1");
    assertThat(settings.connection().getDbName()).isEqualTo("db");
    assertThat(settings.toString()).doesNotContain("s3cret");
    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(() -> VectorStore.open("milvus://h?token-file=/nowhere", OpenMode.read()))
        .withMessageContaining("token-file: /nowhere cannot be read");
    for (String written : List.of("milvus://u:s3cret@h", "milvus://h?token=s3cret")) {
      assertThatExceptionOfType(StoreException.class)
          .isThrownBy(() -> VectorStore.open(written, OpenMode.read()))
          .withMessageMatching(".*allowed: (password|token)-file=PATH or (password|token)-env=NAME")
          .satisfies(e -> assertThat(e.getMessage()).doesNotContain("s3cret"));
    }
  }

  /** No token goes to another machine in clear unless the address says so. */
  @ParameterizedTest
  @CsvSource({
    "milvus://db.example.org?token-file=/t, true",
    "milvus://10.0.0.7:19530?token-env=T, true",
    "milvus://db.example.org?token-env=T&secure=false, false",
    "milvus://db.example.org, false",
    "milvus://localhost?token-file=/t, false",
    "milvus://[::1]:1?token-file=/t, false",
    "milvus://127.0.0.1?token-file=/t&secure=true, true",
    "milvus://db.example.org?token-file=/t&ca-file=/ca.pem, true",
  })
  void tlsIsSpokenWhereATokenLeavesThisMachine(String address, boolean secure) {
    assertThat(MilvusSettings.of(StoreAddress.parse(address)).secure()).isEqualTo(secure);
  }
}
