// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.safety;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ServerSocket;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FreePortTest {
  @Test
  void noPortIsGivenOutTwiceAndNoneIsOneThatClientsGet() throws IOException {
    Set<Integer> found = new HashSet<>();
    for (int port = 0; port < 200; port++) {
      found.add(FreePort.find());
    }

    assertThat(found).hasSize(200).allMatch(port -> port >= 20_000 && port < 32_000);
  }

  @Test
  void aPortThatSomebodyListensAtIsPassedOver() throws IOException {
    int first = FreePort.find();
    int next = first == 31_999 ? 20_000 : first + 1;
    try (ServerSocket taken = new ServerSocket(next)) {
      assertThat(taken.getLocalPort()).isEqualTo(next);

      assertThat(FreePort.find()).isNotEqualTo(next);
    }
  }
}
