// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.embed.TestingImages;
import io.imageembedding.embed.TestingModel;
import java.util.Arrays;
import java.util.List;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.runtime.testutils.MiniClusterResourceConfiguration;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.apache.flink.types.Row;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code LOAD MODULE `image-embedding`}, and its functions by Flink's planner in a cluster. */
class FunctionsTest {
  @RegisterExtension
  static final MiniClusterExtension CLUSTER =
      new MiniClusterExtension(
          new MiniClusterResourceConfiguration.Builder().setNumberSlotsPerTaskManager(2).build());

  private TestingSql sql;

  @BeforeEach
  void session() {
    sql = new TestingSql();
  }

  @Test
  void aFunctionGivesTheVectorThatThePredictionGives() throws Exception {
    sql.images("photos", TestingImages.solid(200), null, new byte[] {1, 2, 3});
    load("");
    sql.run(
        "CREATE MODEL m INPUT (image BYTES) OUTPUT (embedding ARRAY<FLOAT>) WITH ("
            + "'provider' = 'image-embedding', 'model' = '"
            + TestingSql.SMALL_MODEL
            + "')");

    List<Row> functions = sql.rows("SELECT id, EMBED_IMAGE(image) FROM photos");
    List<Row> predictions =
        sql.rows("SELECT id, embedding FROM ML_PREDICT(TABLE photos, MODEL m, DESCRIPTOR(image))");

    assertThat(functions).isEqualTo(predictions);
    assertThat((Object[]) functions.get(0).getField(1)).hasSize(1280);
    assertThat(functions.get(1).getField(1)).isNull();
    assertThat(functions.get(2).getField(1)).isNull();
  }

  @Test
  void aTableThatChangesIsEmbeddedByTheFunction() throws Exception {
    sql.images("photos", TestingImages.solid(1), TestingImages.solid(2));
    load("");

    List<Row> rows =
        sql.rows(
            "SELECT CARDINALITY(EMBED_IMAGE(newest)) FROM"
                + " (SELECT LAST_VALUE(image) AS newest FROM photos GROUP BY MOD(id, 1))");

    assertThat(rows).isNotEmpty().allSatisfy(row -> assertThat(row.getField(0)).isEqualTo(1280));
  }

  @Test
  void aStatementMayNameTheFunctionSeveralTimes() throws Exception {
    sql.images("photos", TestingImages.solid(1), TestingImages.solid(2));
    sql.run("CREATE TEMPORARY VIEW two AS SELECT image AS a, image AS b FROM photos");
    load("");

    assertThat(
            sql.rows(
                "SELECT COSINE_SIMILARITY(EMBED_IMAGE(a), EMBED_IMAGE(b)) FROM two"
                    + " WHERE EMBED_IMAGE(b) IS NOT NULL"))
        .hasSize(2)
        .allSatisfy(row -> assertThat((double) row.getField(0)).isCloseTo(1, within()));
  }

  @Test
  void modelsOfATaskAreGivenBackWithTheirLastFunction() {
    EmbeddingPlan plan = TestingModelFactory.plan(false, 1);
    var group = UnregisteredMetricsGroup.createOperatorMetricGroup();
    TaskEmbedders.Lease one = TaskEmbedders.lease(plan, group);
    TaskEmbedders.Lease two = TaskEmbedders.lease(TestingModelFactory.plan(false, 1), group);

    assertThat(two.embedder()).isSameAs(one.embedder());
    one.close();
    one.close();
    assertThat(TestingModel.OPEN).hasValue(1);
    two.close();
    assertThat(TestingModel.OPEN).hasValue(0);
  }

  @Test
  void whatAnImageIsComesFromItsHeader() throws Exception {
    sql.images("photos", TestingImages.solid(1), null, new byte[0], "text".getBytes(), truncated());
    load("");

    List<Row> rows =
        sql.rows(
            "SELECT id, i.format, i.width, i.height, i.error FROM"
                + " (SELECT id, IMAGE_INFO(image) AS i FROM photos)");

    assertThat(rows.get(0)).isEqualTo(Row.of(0, "png", 4, 4, null));
    assertThat(rows.get(1)).isEqualTo(Row.of(1, null, null, null, null));
    assertThat(rows.get(2).getField(4)).isEqualTo("EMPTY: the image has no bytes");
    assertThat((String) rows.get(3).getField(4)).startsWith("NOT_AN_IMAGE: ");
    assertThat((String) rows.get(4).getField(4)).startsWith("TRUNCATED: ");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "NULL",
      value = {
        "ARRAY[CAST(1 AS FLOAT), CAST(0 AS FLOAT)] | ARRAY[CAST(2 AS FLOAT), CAST(0 AS FLOAT)] | 1",
        "ARRAY[CAST(1 AS FLOAT), CAST(0 AS FLOAT)] | ARRAY[CAST(0 AS FLOAT), CAST(3 AS FLOAT)] | 0",
        "ARRAY[CAST(1 AS FLOAT)] | ARRAY[CAST(-3 AS FLOAT)] | -1",
        "ARRAY[CAST(1 AS FLOAT)] | ARRAY[CAST(1 AS FLOAT), CAST(1 AS FLOAT)] | NULL",
        "ARRAY[CAST(0 AS FLOAT)] | ARRAY[CAST(1 AS FLOAT)] | NULL",
        "ARRAY[CAST(1 AS FLOAT)] | CAST(NULL AS ARRAY<FLOAT>) | NULL",
        "ARRAY[CAST(1 AS FLOAT)] | ARRAY[CAST(NULL AS FLOAT)] | NULL",
      })
  void cosines(String a, String b, Double cosine) throws Exception {
    load("");
    assertThat(sql.rows("SELECT COSINE_SIMILARITY(" + a + ", " + b + ")"))
        .containsExactly(Row.of(cosine));
  }

  @Test
  void aWrongOptionIsRefusedWhenTheModuleIsLoaded() {
    assertThatThrownBy(() -> load(", 'image.max-width' = '-1'"))
        .hasStackTraceContaining(
            "image.max-width: '-1' is not allowed; allowed: a whole number from 1 to 65535");
    assertThatThrownBy(() -> load(", 'batch.max-count' = '4'"))
        .hasStackTraceContaining("batch.max-count");
  }

  @Test
  void aModelThatIsNotThereIsRefusedWhenAStatementIsPlanned() {
    sql.images("photos", TestingImages.solid(1));
    sql.run("LOAD MODULE `image-embedding` WITH ('model' = '/nowhere')");

    assertThatThrownBy(() -> sql.tables().explainSql("SELECT EMBED_IMAGE(image) FROM photos"))
        .hasStackTraceContaining("/nowhere");
  }

  private void load(String options) {
    sql.run(
        "LOAD MODULE `image-embedding` WITH ('model' = '"
            + TestingSql.SMALL_MODEL
            + "'"
            + options
            + ")");
  }

  private static byte[] truncated() {
    return Arrays.copyOf(TestingImages.solid(1), 20);
  }

  private static Offset<Double> within() {
    return Offset.offset(1e-6);
  }
}
