// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.milvus;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.vectorstore.StoreAddress;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** No token goes to another machine in clear unless the address says so. */
class MilvusTokensTest {

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
