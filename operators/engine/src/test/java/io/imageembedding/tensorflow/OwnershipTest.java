// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.tensorflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class OwnershipTest {
  private final List<String> closed = new ArrayList<>();
  private final Ownership owned = new Ownership();

  @Test
  void everythingIsClosedOnceTheNewestFirstThoughSomeFail() {
    Error error = new StackOverflowError("second");
    owned.add(() -> closed.add("first"));
    owned.add(failing("second", error));
    owned.add(failing("third", new IllegalStateException("third")));
    owned.add(() -> closed.add("fourth"));

    assertThatThrownBy(owned::close)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("third")
        .satisfies(failure -> assertThat(failure.getSuppressed()).containsExactly(error));
    owned.close();
    assertThat(closed).containsExactly("fourth", "third", "second", "first");
  }

  @Test
  void theCauseIsThrownAndFailuresOfClosingAreSuppressed() {
    Error cause = new OutOfMemoryError("cause");
    Exception failure = new Exception("closing");
    owned.add(failing("only", failure));

    assertThatThrownBy(
            () -> {
              throw owned.closeAfter(cause);
            })
        .isSameAs(cause);
    assertThat(cause.getSuppressed()).containsExactly(failure);
    assertThat(closed).containsExactly("only");
  }

  @Test
  void whatIsInOtherHandsIsNotClosed() {
    AutoCloseable given = owned.add(() -> closed.add("given"));
    owned.add(() -> closed.add("kept"));
    owned.release(given);

    owned.close();
    assertThat(closed).containsExactly("kept");
  }

  private AutoCloseable failing(String name, Throwable failure) {
    return () -> {
      closed.add(name);
      if (failure instanceof Error error) {
        throw error;
      }
      throw (Exception) failure;
    };
  }
}
