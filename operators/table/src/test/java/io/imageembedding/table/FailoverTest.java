// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.table;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.embed.TestingImages;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.VectorStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.runtime.testutils.MiniClusterResourceConfiguration;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.table.functions.ScalarFunction;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.apache.flink.types.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A job of statements that fails in mid-run, with rows in flight in its checkpoint. */
class FailoverTest {

  @RegisterExtension
  static final MiniClusterExtension CLUSTER =
      new MiniClusterExtension(
          new MiniClusterResourceConfiguration.Builder().setNumberSlotsPerTaskManager(2).build());

  private static final int ROWS = 600;

  @TempDir static Path folder;

  /** Fails once, as soon as there is a checkpoint to go on from and more rows have come. */
  public static final class FailOnce extends ScalarFunction {
    private static final long serialVersionUID = 1L;
    static final AtomicBoolean FAILED = new AtomicBoolean();
    static final AtomicInteger ROWS_SEEN = new AtomicInteger();

    public String eval(String id) {
      if (ROWS_SEEN.incrementAndGet() > 20 && !FAILED.get() && isCheckpointed()) {
        FAILED.set(true);
        throw new IllegalStateException("once, after " + ROWS_SEEN.get() + " rows");
      }
      return id;
    }

    @Override
    public boolean isDeterministic() {
      return false;
    }

    private static boolean isCheckpointed() {
      try (Stream<Path> files = Files.walk(folder.resolve("checkpoints"))) {
        return files.anyMatch(file -> file.endsWith("_metadata"));
      } catch (UncheckedIOException | IOException e) {
        // One that is being removed.
        return false;
      }
    }
  }

  @Test
  void noPrimaryKeyIsLostAndEveryOneHasItsVector() throws Exception {
    Files.createDirectories(folder.resolve("checkpoints"));
    TestingSql sql =
        new TestingSql(
            new Configuration()
                .set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay")
                .set(
                    RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY,
                    Duration.ofMillis(50))
                .set(CheckpointingOptions.CHECKPOINTING_INTERVAL, Duration.ofMillis(50))
                .set(
                    CheckpointingOptions.CHECKPOINTS_DIRECTORY,
                    folder.resolve("checkpoints").toUri().toString()));
    // A source that goes on where its checkpoint was: rows in flight come from nowhere else.
    DataStream<Row> rows =
        sql.environment()
            .fromSequence(0, ROWS - 1)
            .map(i -> Row.of(i, TestingImages.solid((int) (i % 250))))
            .returns(
                Types.ROW_NAMED(
                    new String[] {"id", "image"}, Types.LONG, Types.PRIMITIVE_ARRAY(Types.BYTE)));
    sql.tables().createTemporaryView("photos", sql.tables().fromDataStream(rows));
    sql.tables().createTemporarySystemFunction("FAIL_ONCE", FailOnce.class);
    sql.run(
        "CREATE MODEL m INPUT (image BYTES) OUTPUT (embedding ARRAY<FLOAT>) WITH ("
            + "'provider' = 'image-embedding', 'model' = '"
            + TestingSql.SMALL_MODEL
            + "')");
    sql.run(
        "CREATE TABLE store (photo_id STRING, vec ARRAY<FLOAT>, PRIMARY KEY (photo_id) NOT"
            + " ENFORCED) WITH ('connector' = 'image-embedding-store', 'address' = 'lucene:"
            + folder.resolve("store")
            + "', 'model' = '"
            + TestingSql.SMALL_MODEL
            + "')");

    sql.insert(
        "INSERT INTO store SELECT FAIL_ONCE(CAST(id AS STRING)), embedding FROM"
            + " ML_PREDICT(TABLE photos, MODEL m, DESCRIPTOR(image))");

    assertThat(FailOnce.FAILED).isTrue();
    assertThat(FailOnce.ROWS_SEEN).as("not all again").hasValueLessThan(2 * ROWS - 20);
    try (VectorStore store =
        VectorStore.open("lucene:" + folder.resolve("store"), OpenMode.read())) {
      assertThat(store.scan(null, 2 * ROWS).stream().map(StoredVector::id))
          .containsExactlyInAnyOrderElementsOf(
              IntStream.range(0, ROWS).mapToObj(String::valueOf).toList());
    }
  }
}
