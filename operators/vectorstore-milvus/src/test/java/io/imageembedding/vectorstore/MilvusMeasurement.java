// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import io.imageembedding.vectorstore.milvus.BareUpserts;
import io.imageembedding.vectorstore.milvus.TestingMilvus;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Measures Milvus Lite as {@link StoreMeasurement} measures the other stores, with as many vectors
 * as its engine, which is written in Python, takes in some minutes:
 *
 * <pre>{@code
 * mvn -q verify -pl operators/vectorstore-milvus -am -Dtest=MilvusMeasurement \
 *     -Dsurefire.failIfNoSpecifiedTests=false -Dspotless.check.skip -Dmeasure.real=lucene:PATH
 * }</pre>
 *
 * <p>{@code measure.milvus-vectors} (default 5000) says how many there are.
 */
class MilvusMeasurement {
  private static final int FEW_QUERIES = 50;

  @Test
  void measure() throws Exception {
    StoreMeasurement.Source source = StoreMeasurement.source();
    List<List<StoredVector>> round =
        StoreMeasurement.batches(
            source.take(StoreMeasurement.BATCHES_A_ROUND * StoreMeasurement.BATCH));
    float[][] queries = source.take(FEW_QUERIES);
    try (TestingMilvus server = TestingMilvus.start()) {
      measureUpserts(server.address(), round);
      StoreMeasurement.measureSearches(
          "Milvus Lite",
          server.address() + "?collection=measured",
          source.take(Integer.getInteger("measure.milvus-vectors", 5000)),
          queries);
    }
  }

  private static void measureUpserts(String server, List<List<StoredVector>> batches)
      throws Exception {
    Rates rates = new Rates(batches);
    for (int i = 0; i <= StoreMeasurement.ROUNDS; i++) {
      String address = server + "?collection=ours" + i;
      try (VectorStore ours = VectorStore.open(address, StoreMeasurement.MODE);
          BareUpserts bare =
              new BareUpserts(server + "?collection=bare", StoreMeasurement.DIMENSION)) {
        rates.measure(
            n -> {
              ours.upsert(batches.get(n));
              if ((n + 1) % StoreMeasurement.BATCHES_A_COMMIT == 0) {
                ours.commit();
              }
            },
            n -> bare.upsert(batches.get(n)));
      }
      BareUpserts.drop(address);
    }
    rates.print("Milvus Lite: upserts", "the client's own upsert");
  }
}
