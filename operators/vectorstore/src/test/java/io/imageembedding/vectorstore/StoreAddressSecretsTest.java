// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** No secret stands in the address of a store, however it is spelt, and no message repeats it. */
class StoreAddressSecretsTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "postgresql://h/d?password=geheim",
        "postgresql://h/d?password=geheim?table=t",
        "postgresql://h/d?table=t?password=geheim",
        "postgresql://h/d?sslmode=require?sslpassword=geheim&table=t",
        "postgresql://h/d?table=t&PassWord=geheim",
        "postgresql://h/d?pass%77ord=geheim",
        "postgresql://h/d?pass%2577ord=geheim",
        "postgresql://h/d?table=t%26password%3Dgeheim",
        "postgresql://h/d&password=geheim",
        "postgresql://h/d;password=geheim",
        "postgresql://h/d#password=geheim",
        "postgresql://h/d?password =geheim",
        "postgresql://h/d?passwd=geheim",
        "postgresql://h/d?pwd=geheim",
        "postgresql://h/d?passphrase=geheim",
        "postgresql://h/d?password=${env:X}geheim",
        "milvus://h?token=geheim",
        "milvus://h?api_key=geheim",
        "milvus://h?user=u?token=geheim",
        "postgresql://u:geheim@h/d",
        "postgresql://u:ge/geheim@h/d",
        "postgresql://u:g@geheim@h/d",
        "postgresql:u:geheim@h/d",
        "jdbc:postgresql://u:geheim@h/d",
        "Postgresql://u:gehe/geheim@h/d",
        "//u:geheim@h/d?password=geheim",
        "postgresql//h/d?password=geheim",
        "u:geheim@h",
        "lucene:/p?token=geheim",
      })
  void isRefusedWithTheWayOut(String address) {
    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(
            () -> {
              StoreAddress parsed = StoreAddress.parse(address);
              Stores.check(parsed);
            })
        .satisfies(
            e -> {
              assertThat(e.getMessage()).doesNotContain("geheim", "\n");
              if (address.matches("(postgresql|milvus|jdbc|lucene):.*")) {
                assertThat(e.getMessage()).contains("-file=PATH", "-env=NAME");
              }
            });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "postgresql://u@h:5432/d?password-file=/run/secrets/p&table=t",
        "postgresql://u@[::1]:5432/d?password-env=PGPASSWORD",
        "milvus://h:1/d?token-file=/run/secrets/token",
        "lucene:/data/what?ever/store?ef-search=10",
        "lucene:/data/a@b",
      })
  void theWaysOutAreTaken(String address) {
    assertThat(StoreAddress.parse(address).scheme()).isNotEmpty();
  }
}
