// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.milvus;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.vectorstore.StoreAddress;
import io.imageembedding.vectorstore.StoreException;
import io.milvus.shaded.io.grpc.Status;
import io.milvus.v2.exception.ErrorCode;
import io.milvus.v2.exception.MilvusClientException;
import java.nio.channels.ClosedChannelException;
import org.junit.jupiter.api.Test;

class MilvusFailuresTest {
  private static final String ADDRESS = "milvus://localhost:19530?collection=c";

  private static StoreException of(RuntimeException failure) {
    return MilvusFailures.of(MilvusSettings.of(StoreAddress.parse(ADDRESS)), failure);
  }

  @Test
  void aConnectionThatIsLostInMidCallCanPassWhateverItsStatus() {
    for (Status status : new Status[] {Status.UNKNOWN, Status.INTERNAL, Status.UNAVAILABLE}) {
      RuntimeException call =
          status
              .withDescription("channel closed")
              .withCause(new ClosedChannelException())
              .asRuntimeException();
      for (RuntimeException failure :
          new RuntimeException[] {call, new MilvusClientException(ErrorCode.RPC_ERROR, call)}) {
        assertThat(of(failure).canPass()).as("%s", failure).isTrue();
        assertThat(of(failure)).hasMessageStartingWith(ADDRESS + ": ");
        assertThat(of(failure)).hasMessageEndingWith("channel closed");
      }
    }
  }

  @Test
  void whatTheServerItselfDoesNotUnderstandStays() {
    StoreException failure =
        of(Status.UNKNOWN.withDescription("Exception calling\n application").asRuntimeException());
    assertThat(failure.canPass()).isFalse();
    assertThat(failure).hasMessage(ADDRESS + ": UNKNOWN Exception calling application");
  }
}
