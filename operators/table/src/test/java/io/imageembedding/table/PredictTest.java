// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.embed.EmbedSettings;
import io.imageembedding.embed.ImageEmbedder;
import io.imageembedding.embed.TestingImages;
import io.imageembedding.embed.TestingModel;
import io.imageembedding.embedding.Embedding;
import io.imageembedding.flink.EmbedMetrics;
import io.imageembedding.model.ModelSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.metrics.Counter;
import org.apache.flink.runtime.testutils.InMemoryReporter;
import org.apache.flink.runtime.testutils.MiniClusterResourceConfiguration;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.apache.flink.types.Row;
import org.apache.flink.util.ExceptionUtils;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code CREATE MODEL} and {@code ML_PREDICT}, by Flink's planner in a cluster. */
class PredictTest {
  private static final InMemoryReporter REPORTER = InMemoryReporter.createWithRetainedMetrics();

  @RegisterExtension
  static final MiniClusterExtension CLUSTER =
      new MiniClusterExtension(
          new MiniClusterResourceConfiguration.Builder()
              .setNumberSlotsPerTaskManager(2)
              .setConfiguration(REPORTER.addToConfiguration(new Configuration()))
              .build());

  private static final byte[] BROKEN = Arrays.copyOf(TestingImages.solid(3), 40);

  private TestingSql sql;

  @BeforeEach
  void session() {
    sql = new TestingSql();
  }

  @Test
  void everyRowIsAnsweredOnceWithTheVectorOfTheEngineOrWithAnError() throws Exception {
    sql.images("photos", TestingImages.solid(200), null, BROKEN, new byte[0], "text".getBytes());
    sql.run(model("m", "embedding ARRAY<FLOAT>, error STRING", ""));

    List<Row> rows =
        sql.rows(
            "SELECT id, embedding, error FROM"
                + " ML_PREDICT(TABLE photos, MODEL m, DESCRIPTOR(image))");

    assertThat(rows).extracting(row -> row.getField(0)).containsExactly(0, 1, 2, 3, 4);
    assertThat(floats(rows.get(0).getField(1))).isEqualTo(embedding(200).vector());
    assertThat(rows.get(0).getField(2)).isNull();
    assertThat(rows.subList(1, 5)).allSatisfy(row -> assertThat(row.getField(1)).isNull());
    assertThat(rows.get(1).getField(2)).isEqualTo("NULL_VALUE: the image is NULL");
    assertThat((String) rows.get(2).getField(2)).startsWith("TRUNCATED: ");
    assertThat((String) rows.get(3).getField(2)).startsWith("EMPTY: ");
    assertThat((String) rows.get(4).getField(2)).startsWith("NOT_AN_IMAGE: ");
  }

  @Test
  void outputColumnsAreThoseThatTheModelNames() throws Exception {
    sql.images("photos", TestingImages.solid(90), BROKEN);
    sql.run(
        model("m", "format STRING, width INT, vector_space STRING, height INT, model STRING", ""));

    List<Row> rows = sql.rows("SELECT * FROM ML_PREDICT(TABLE photos, MODEL m, DESCRIPTOR(image))");

    Embedding expected = embedding(90);
    String space = expected.provenance().vectorSpace();
    String name = expected.provenance().model();
    assertThat(rows.get(0)).isEqualTo(Row.of(0, TestingImages.solid(90), "png", 4, space, 4, name));
    assertThat(rows.get(1)).isEqualTo(Row.of(1, BROKEN, null, null, space, null, name));
  }

  @Test
  void scoresAreThoseOfAClassifier() throws Exception {
    sql.images("photos", TestingImages.solid(90));
    sql.run(
        "CREATE MODEL m INPUT (image BYTES) OUTPUT (scores ARRAY<ROW<label STRING, score FLOAT>>)"
            + " WITH ('provider' = 'image-embedding', 'model' = '"
            + TestingSql.SMALL_MODEL
            + "')");

    assertThatThrownBy(
            () -> sql.rows("SELECT * FROM ML_PREDICT(TABLE photos, MODEL m, DESCRIPTOR(image))"))
        .hasStackTraceContaining("OUTPUT column 'scores'")
        .hasStackTraceContaining("is no classifier");
  }

  @Test
  void anOutputThatTheInputHasAlreadyGetsAnotherName() throws Exception {
    sql.images("photos", TestingImages.solid(90));
    sql.run("CREATE TEMPORARY VIEW named AS SELECT id, image, 'mine' AS error FROM photos");
    sql.run(model("m", "width INT, error STRING", ""));

    List<Row> rows =
        sql.rows(
            "SELECT error, error0, width FROM"
                + " ML_PREDICT(TABLE named, MODEL m, DESCRIPTOR(image))");

    assertThat(rows).containsExactly(Row.of("mine", null, 4));
  }

  /** Ten rows are in flight by default, so batches of five: four runs instead of twenty. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''                                                              | 4",
        "MAP['async','true','max-concurrent-operations','20','timeout','10min'] | 3",
        "MAP['async','true','output-mode','ALLOW_UNORDERED']             | 4"
      })
  void rowsFormBatches(String config, int batches) throws Exception {
    byte[][] images = new byte[20][];
    for (int i = 0; i < images.length; i++) {
      images[i] = TestingImages.solid(i);
    }
    sql.images("photos", images);
    sql.run(model("m", "embedding ARRAY<FLOAT>", ", 'batch.max-age' = '1 h'"));
    String map = config.isEmpty() ? "" : ", " + config;

    TableResult result =
        sql.tables()
            .executeSql(
                "SELECT id FROM ML_PREDICT(TABLE photos, MODEL m, DESCRIPTOR(image)"
                    + map
                    + ") WHERE embedding IS NOT NULL");
    List<Object> ids = new ArrayList<>();
    JobClient job = result.getJobClient().orElseThrow();
    try (var rows = result.collect()) {
      // Of twenty rows by eights the last four would wait for an hour.
      int full = batches == 3 ? 16 : 20;
      for (int i = 0; i < full; i++) {
        ids.add(rows.next().getField(0));
      }
      assertThat(ids)
          .containsExactlyInAnyOrderElementsOf(IntStream.range(0, full).boxed().toList());
      assertThat(counted(job, EmbedMetrics.BATCHES)).isEqualTo(full == 16 ? 2 : batches);
    }
  }

  @Test
  void aModelThatNoLongerRunsFailsTheQueryWithoutPrintingAnImage() {
    sql.images("photos", TestingImages.solid(1), TestingImages.solid(2), TestingImages.solid(4));
    sql.run(
        "CREATE MODEL broken INPUT (image BYTES) OUTPUT (embedding ARRAY<FLOAT>)"
            + " WITH ('provider' = 'testing', 'broken' = 'true')");

    assertThatThrownBy(
            () ->
                sql.rows("SELECT * FROM ML_PREDICT(TABLE photos, MODEL broken, DESCRIPTOR(image))"))
        .satisfies(
            failure ->
                assertThat(ExceptionUtils.stringifyException(failure))
                    .contains("no image can be embedded any more: out of memory")
                    .doesNotContain("80, 78, 71"));
    assertThat(TestingModel.OPEN).hasValue(0);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "image BYTES | embedding ARRAY<FLOAT> | 'batch.max-count' = '0' |"
            + " batch.max-count: '0' is not allowed; allowed: a whole number from 1 to 1024",
        "image BYTES | embedding ARRAY<FLOAT> | 'image.orientation' = 'up' |"
            + " image.orientation: 'up' is not allowed; allowed: ignore or apply",
        "image BYTES | embedding ARRAY<FLOAT> | 'batch.size' = '4' | batch.max-count",
        "image BYTES | embedding ARRAY<FLOAT> | 'crash-fence.dir' = '/tmp' | crash-fence.dir",
        "image BYTES | embedding ARRAY<FLOAT> | 'model' = '/nowhere' | /nowhere",
        "image BYTES | vector ARRAY<FLOAT> | 'cache.size' = '1 mb' |"
            + " OUTPUT has no column 'vector'; allowed: embedding ARRAY<FLOAT>, error STRING",
        "image BYTES | embedding ARRAY<DOUBLE> | 'cache.size' = '1 mb' |"
            + " OUTPUT column 'embedding' is ARRAY<DOUBLE>; allowed: ARRAY<FLOAT>",
        "image BYTES | error STRING NOT NULL | 'cache.size' = '1 mb' |"
            + " is VARCHAR(2147483647) NOT NULL; allowed: STRING, which is NULL for images",
        "image STRING | error STRING | 'cache.size' = '1 mb' |"
            + " allowed: one column of type BYTES, the encoded image",
      })
  void whatIsWrongIsRefusedWhenAStatementIsPlanned(
      String input, String output, String option, String message) {
    sql.images("photos", TestingImages.solid(90));
    // Accepted as it is: Flink asks nobody.
    sql.run(
        "CREATE MODEL m INPUT ("
            + input
            + ") OUTPUT ("
            + output
            + ") WITH ('provider' = 'image-embedding', "
            + (option.startsWith("'model'") ? "" : "'model' = '" + TestingSql.SMALL_MODEL + "', ")
            + option
            + ")");
    String column = input.contains("STRING") ? "CAST(id AS STRING) AS image" : "image";

    assertThatThrownBy(
            () ->
                sql.tables()
                    .explainSql(
                        "SELECT * FROM ML_PREDICT((SELECT "
                            + column
                            + " FROM photos), MODEL m, DESCRIPTOR(image))"))
        .hasStackTraceContaining(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'nonsense','1' | there is no option 'nonsense'; allowed: async,"
            + " max-concurrent-operations,",
        "'async','true','max-concurrent-operations','0' | Its value should be positive integer but"
            + " was 0",
        "'async','true','max-concurrent-operations','20000' | max-concurrent-operations: '20000' is"
            + " not allowed; allowed: a whole number from 1 to 10000",
        "'async','true','max-concurrent-operations','100' | timeout: '180000 ms' is too short for"
            + " 100 rows in flight",
        "'async','false' | Require sync mode",
      })
  void whatIsWrongInTheMapIsRefusedWhenAStatementIsPlanned(String map, String message) {
    sql.images("photos", TestingImages.solid(90));
    sql.run(model("m", "embedding ARRAY<FLOAT>", ""));

    assertThatThrownBy(
            () ->
                sql.tables()
                    .explainSql(
                        "SELECT * FROM ML_PREDICT(TABLE photos, MODEL m, DESCRIPTOR(image), MAP["
                            + map
                            + "])"))
        .hasStackTraceContaining(message);
  }

  /** So functions serve them: EMBED_IMAGE is one. */
  @Test
  void tablesThatChangeAreRefusedByFlink() {
    sql.images("photos", TestingImages.solid(90));
    sql.run(model("m", "embedding ARRAY<FLOAT>", ""));
    sql.run(
        "CREATE TEMPORARY VIEW newest AS SELECT id, LAST_VALUE(image) AS image FROM photos"
            + " GROUP BY id");

    assertThatThrownBy(
            () ->
                sql.tables()
                    .explainSql(
                        "SELECT * FROM ML_PREDICT(TABLE newest, MODEL m, DESCRIPTOR(image))"))
        .hasStackTraceContaining("doesn't support consuming update");
  }

  private static String model(String name, String output, String options) {
    return "CREATE MODEL "
        + name
        + " INPUT (image BYTES) OUTPUT ("
        + output
        + ") WITH ('provider' = 'image-embedding', 'model' = '"
        + TestingSql.SMALL_MODEL
        + "'"
        + options
        + ")";
  }

  private static Embedding embedding(int level) throws Exception {
    try (ImageEmbedder embedder =
        new ImageEmbedder(ModelSource.parse(TestingSql.SMALL_MODEL), EmbedSettings.ofBatches(1))) {
      return (Embedding) embedder.embed(1, i -> TestingImages.solid(level)).get(0);
    }
  }

  private static float[] floats(Object array) {
    Float[] boxed = (Float[]) array;
    float[] floats = new float[boxed.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = boxed[i];
    }
    return floats;
  }

  private static long counted(JobClient job, String name) {
    return REPORTER.getMetricsByIdentifiers(job.getJobID()).entrySet().stream()
        .filter(each -> each.getKey().endsWith("." + name))
        .mapToLong(each -> ((Counter) each.getValue()).getCount())
        .sum();
  }
}
