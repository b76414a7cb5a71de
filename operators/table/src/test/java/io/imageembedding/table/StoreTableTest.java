// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.embed.TestingImages;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.VectorStore;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.testutils.MiniClusterResourceConfiguration;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.Schema;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.apache.flink.types.Row;
import org.apache.flink.types.RowKind;
import org.assertj.core.data.Offset;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The connector of stores and {@code VECTOR_SEARCH}, by Flink's planner in a cluster. */
class StoreTableTest {

  @RegisterExtension
  static final MiniClusterExtension CLUSTER =
      new MiniClusterExtension(
          new MiniClusterResourceConfiguration.Builder().setNumberSlotsPerTaskManager(2).build());

  private static final String COLUMNS =
      "photo_id STRING, vec ARRAY<FLOAT>, uri STRING, format STRING, width INT, height INT,"
          + " captured_at TIMESTAMP_LTZ(3), category STRING, attributes MAP<STRING, STRING>";

  @TempDir Path folder;

  private TestingSql sql;

  @BeforeEach
  void session() {
    sql = new TestingSql();
    sql.run(
        "CREATE MODEL m INPUT (image BYTES) OUTPUT (embedding ARRAY<FLOAT>, error STRING,"
            + " format STRING, width INT, height INT) WITH ('provider' = 'image-embedding',"
            + " 'model' = '"
            + TestingSql.SMALL_MODEL
            + "')");
    sql.images(
        "photos",
        TestingImages.solid(10),
        TestingImages.solid(90),
        TestingImages.solid(170),
        TestingImages.solid(250),
        new byte[] {1});
  }

  @Test
  void whatIsWrittenIsFoundWithItsMetadataAndAttributes() throws Exception {
    table("s", "");
    fill();

    List<Row> rows =
        sql.rows(
            "WITH e AS (SELECT id AS tid, embedding FROM ML_PREDICT((SELECT * FROM photos WHERE id"
                + " IN (1, 4)), MODEL m, DESCRIPTOR(image))) SELECT tid, photo_id, uri, format,"
                + " width, height, captured_at, category, attributes, score FROM e,"
                + " LATERAL TABLE(VECTOR_SEARCH(TABLE s, DESCRIPTOR(vec), e.embedding, 2))");

    assertThat(rows).hasSize(2);
    Row first = rows.get(0);
    assertThat(first.getField(1)).isEqualTo("photo-1");
    assertThat(first.getField(2)).isEqualTo("file:/1.png");
    assertThat(first.getField(3)).isEqualTo("png");
    assertThat(first.getField(4)).isEqualTo(4);
    assertThat(first.getField(6)).isEqualTo(Instant.parse("2026-01-02T03:04:05Z"));
    assertThat(first.getField(7)).isEqualTo("odd");
    assertThat(first.getField(8)).isEqualTo(Map.of("camera", "c1"));
    assertThat((double) first.getField(9)).isGreaterThan(0.9999);
    assertThat((double) rows.get(1).getField(9)).isLessThan((double) first.getField(9));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ", MAP['async','true']", ", MAP['async','false']"})
  void bothKindsOfSearchGiveTheVectorsOfTheStore(String map) throws Exception {
    sql.run("LOAD MODULE `image-embedding`");
    table("s", "");
    fill();

    List<Row> rows =
        sql.rows(
            search("SELECT photo_id, vec, COSINE_SIMILARITY(vec, embedding), score", "s", map));

    assertThat(rows).hasSize(1);
    assertThat((double) rows.get(0).getField(2))
        .isCloseTo((double) rows.get(0).getField(3), Offset.offset(1e-4));
  }

  @Test
  void aLeftJoinKeepsRowsWithoutAVectorAndTakesAThreshold() throws Exception {
    table("s", "");
    fill();
    String left =
        "SELECT tid, photo_id, score FROM e LEFT JOIN LATERAL TABLE("
            + "VECTOR_SEARCH(TABLE s, DESCRIPTOR(vec), e.embedding, 1)) ON TRUE";

    assertThat(sql.rows(embedded() + left))
        .extracting(row -> row.getField(0), row -> row.getField(1))
        .containsExactly(
            Tuple.tuple(0, "photo-0"),
            Tuple.tuple(1, "photo-1"),
            Tuple.tuple(2, "photo-2"),
            Tuple.tuple(3, "photo-3"),
            Tuple.tuple(4, null));
    assertThat(sql.rows(embedded() + left + " WHERE score > 0.9999")).hasSize(4);
  }

  @Test
  void conditionsOnAttributesAreTheStores() throws Exception {
    table("s", "");
    fill();

    assertThat(
            sql.rows(
                embedded()
                    + "SELECT tid, photo_id FROM e, LATERAL TABLE(VECTOR_SEARCH((SELECT photo_id,"
                    + " vec FROM s WHERE category = 'even' AND uri = 'file:/2.png'),"
                    + " DESCRIPTOR(vec), e.embedding, 3))"))
        .hasSize(4)
        .allSatisfy(row -> assertThat(row.getField(1)).isEqualTo("photo-2"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "category <> 'even' | a search cannot keep the condition",
        "category IN ('even', 'odd') | allowed: COLUMN = 'text', joined by AND",
        "UPPER(category) = 'EVEN' | a search cannot keep the condition",
        "width > 3 | for columns that are attributes, uri or format: uri, format, category",
        "attributes['camera'] = 'c1' | VECTOR_SEARCH does not support filter",
      })
  void otherConditionsAreRefused(String condition, String message) throws Exception {
    table("s", "");
    fill();

    assertThatThrownBy(
            () ->
                sql.tables()
                    .explainSql(
                        embedded()
                            + "SELECT tid, photo_id FROM e, LATERAL TABLE(VECTOR_SEARCH((SELECT"
                            + " photo_id, vec FROM s WHERE "
                            + condition
                            + "), DESCRIPTOR(vec), e.embedding, 3))"))
        .hasStackTraceContaining(message);
  }

  @Test
  void aChangelogReplacesAndDeletes() throws Exception {
    table("s", "");
    // The second row of an id replaces the first; of 'gone' all rows are taken back.
    DataStream<Row> changes =
        sql.environment()
            .fromData(
                List.of(
                    Row.ofKind(RowKind.INSERT, "stays", 10),
                    Row.ofKind(RowKind.INSERT, "gone", 20),
                    Row.ofKind(RowKind.UPDATE_BEFORE, "stays", 10),
                    Row.ofKind(RowKind.UPDATE_AFTER, "stays", 30),
                    Row.ofKind(RowKind.DELETE, "gone", 20)),
                Types.ROW_NAMED(new String[] {"id", "n"}, Types.STRING, Types.INT));
    Schema schema =
        Schema.newBuilder()
            .column("id", DataTypes.STRING().notNull())
            .column("n", DataTypes.INT())
            .primaryKey("id")
            .build();
    sql.tables().createTemporaryView("changes", sql.tables().fromChangelogStream(changes, schema));
    sql.run("LOAD MODULE `image-embedding` WITH ('model' = '" + TestingSql.SMALL_MODEL + "')");

    sql.insert(
        "INSERT INTO s (photo_id, vec, width) SELECT id, EMBED_IMAGE(x'"
            + HexFormat.of().formatHex(TestingImages.solid(10))
            + "'), n FROM changes");

    List<StoredVector> stored = stored("s");
    assertThat(stored).extracting(StoredVector::id).containsExactly("stays");
    assertThat(stored.get(0).image().info().width()).isEqualTo(30);
  }

  @Test
  void aTimestampDecidesWhichChangeIsTheNewest() throws Exception {
    sql.run(create("s", COLUMNS + ", changed TIMESTAMP_LTZ(3) METADATA FROM 'timestamp'", "", ""));
    for (String time : List.of("2026-01-02 00:00:00", "2026-01-01 00:00:00")) {
      sql.insert(
          embedded().replace("WITH", "INSERT INTO s (photo_id, vec, uri, changed) WITH")
              + "SELECT 'one', embedding, '"
              + time
              + "', CAST(TIMESTAMP '"
              + time
              + "' AS TIMESTAMP_LTZ(3)) FROM e WHERE tid = 0");
    }

    assertThat(stored("s")).hasSize(1);
    assertThat(stored("s").get(0).image().uri()).isEqualTo("2026-01-02 00:00:00");
    assertThat(
            sql.rows(
                search(
                    "SELECT changed = CAST(TIMESTAMP '2026-01-02 00:00:00' AS"
                        + " TIMESTAMP_LTZ(3))",
                    "s",
                    "")))
        .containsExactly(Row.of(true));
  }

  @Test
  void aStoreOfAnotherSpaceIsRefusedWhenAStatementIsPlannedNamingBoth() throws Exception {
    table("s", "");
    fill();
    sql.run(create("other", COLUMNS, ", 'image.orientation' = 'apply'", "s"));

    for (String statement :
        List.of(
            search("SELECT tid", "other", ""),
            "INSERT INTO other (photo_id, vec) VALUES ('a', ARRAY[CAST(1 AS FLOAT)])")) {
      assertThatThrownBy(() -> sql.tables().explainSql(statement))
          .hasStackTraceContaining(" holds 1280-d vectors (cosine) of ")
          .hasStackTraceContaining(", and cannot take 1280-d vectors (cosine) of ")
          .hasStackTraceContaining("orientation");
    }
  }

  @Test
  void aRowOfAnotherSpaceThanTheTablesIsRefused() {
    sql.run(create("s", COLUMNS + ", vector_space STRING", "", ""));

    assertThatThrownBy(
            () ->
                sql.insert(
                    "INSERT INTO s (photo_id, vec, vector_space)"
                        + " VALUES ('a', ARRAY[CAST(1 AS FLOAT)], 'abc')"))
        .hasStackTraceContaining("a row is of vector space abc, and the table takes ");
  }

  @Test
  void aRowWithoutAVectorFailsAndSaysWhatToDo() {
    table("s", "");

    assertThatThrownBy(
            () ->
                sql.insert(
                    "INSERT INTO s (photo_id, vec) SELECT 'a', embedding FROM"
                        + " ML_PREDICT(TABLE photos, MODEL m, DESCRIPTOR(image))"
                        + " WHERE embedding IS NULL"))
        .hasStackTraceContaining("the vector of 'a' is NULL");
  }

  @Test
  void whatNoStoreTakesFailsTheStatementOrIsSkipped() throws Exception {
    table("s", "");
    sql.run(create("skipping", COLUMNS, ", 'refused' = 'skip'", "s"));
    String rows =
        " (photo_id, vec) SELECT id, vec FROM (VALUES ('a', ARRAY[CAST(1 AS FLOAT)])) AS v(id,"
            + " vec)";

    assertThatThrownBy(() -> sql.insert("INSERT INTO s" + rows))
        .hasStackTraceContaining("the store refuses a (WRONG_LENGTH)");
    sql.insert("INSERT INTO skipping" + rows);
    assertThat(stored("s")).isEmpty();
  }

  @Test
  void aStoreIsNotReadAsAWholeAndOneThatIsNotThereIsNotSearched() throws Exception {
    table("s", "");
    assertThatThrownBy(() -> sql.tables().explainSql(search("SELECT 1", "s", "")))
        .hasStackTraceContaining("there is no store ");
    fill();
    assertThatThrownBy(() -> sql.tables().explainSql("SELECT * FROM s"))
        .hasStackTraceContaining("is not read as a whole; allowed: VECTOR_SEARCH over it");
  }

  /** What Flink 2.3 does not plan, so that statements are written the other way. */
  @Test
  void whatFlinkDoesNotPlan() throws Exception {
    table("s", "");
    fill();
    String search = "LATERAL TABLE(VECTOR_SEARCH(TABLE s, DESCRIPTOR(vec), e.embedding, 1))";

    assertThatThrownBy(
            () ->
                sql.tables()
                    .explainSql(embedded() + "SELECT tid FROM e, " + search + " WHERE score > 0.5"))
        .hasStackTraceContaining("Invalid use of function 'VECTOR_SEARCH'");
    assertThatThrownBy(
            () -> sql.tables().explainSql(embedded() + "SELECT tid FROM e, " + search + " AS r"))
        .hasStackTraceContaining("Cannot generate a valid execution plan");
    assertThatThrownBy(
            () ->
                sql.tables()
                    .explainSql(
                        embedded()
                            + "SELECT tid, category FROM e, LATERAL TABLE(VECTOR_SEARCH((SELECT"
                            + " vec, category FROM s WHERE category = 'even'), DESCRIPTOR(vec),"
                            + " e.embedding, 1))"))
        .hasStackTraceContaining("Don't support calc on VECTOR_SEARCH node now");
    assertThatThrownBy(
            () -> sql.tables().explainSql(search("SELECT 1", "s", ", MAP['nonsense','1']")))
        .hasStackTraceContaining("MAP of VECTOR_SEARCH: there is no option 'nonsense'");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "id STRING PRIMARY KEY NOT ENFORCED, v ARRAY<FLOAT> | 'address' = 'lucene:rel' |"
            + " address: 'rel' is relative; allowed: an absolute path",
        "id STRING PRIMARY KEY NOT ENFORCED, v ARRAY<FLOAT> | 'address' = 'oracle:/a' |"
            + " there is no kind of store 'oracle:'",
        "id STRING, v ARRAY<FLOAT> | 'address' = 'lucene:/tmp/none' |"
            + " needs PRIMARY KEY (COLUMN) NOT ENFORCED, the id",
        "id INT PRIMARY KEY NOT ENFORCED, v ARRAY<FLOAT> | 'address' = 'lucene:/tmp/none' |"
            + " column 'id' is INT NOT NULL; allowed: the primary key, STRING",
        "id STRING PRIMARY KEY NOT ENFORCED | 'address' = 'lucene:/tmp/none' | has 0 columns of",
        "id STRING PRIMARY KEY NOT ENFORCED, v ARRAY<FLOAT>, n INT | 'address' = 'lucene:/tmp/none'"
            + " | column 'n' is INT; allowed:",
        "id STRING PRIMARY KEY NOT ENFORCED, v ARRAY<FLOAT> | 'address' = 'lucene:/tmp/none' |"
            + " model: not set; needed to write to a store",
        "id STRING PRIMARY KEY NOT ENFORCED, v ARRAY<FLOAT> |"
            + " 'address' = 'lucene:/tmp/none', 'model.precision' = 'fp32' |"
            + " model: not set, but model.precision says how it runs",
        "id STRING PRIMARY KEY NOT ENFORCED, v ARRAY<FLOAT> |"
            + " 'address' = 'lucene:/tmp/none', 'batch.max-count' = '4' | batch.max-count",
        "id STRING PRIMARY KEY NOT ENFORCED, v ARRAY<FLOAT> | 'address' ="
            + " 'postgresql://h/d?table=t&user=u&password=secret' | a secret is not written",
      })
  void whatIsWrongIsRefusedWhenAStatementIsPlanned(String columns, String options, String message) {
    sql.run(
        "CREATE TABLE wrong ("
            + columns
            + ") WITH ('connector' = 'image-embedding-store', "
            + options
            + ")");
    String values =
        Stream.of(columns.split(", "))
            .map(column -> column.split(" ")[1])
            .map(
                type -> "CAST(" + (type.startsWith("ARRAY") ? "NULL" : "'1'") + " AS " + type + ")")
            .collect(Collectors.joining(", "));

    assertThatThrownBy(() -> sql.tables().explainSql("INSERT INTO wrong SELECT " + values))
        .hasStackTraceContaining(message);
  }

  private void table(String name, String options) {
    sql.run(create(name, COLUMNS, options, name));
  }

  private String create(String name, String columns, String options, String store) {
    return "CREATE TABLE "
        + name
        + " ("
        + columns
        + ", PRIMARY KEY (photo_id) NOT ENFORCED) WITH ('connector' = 'image-embedding-store',"
        + " 'address' = 'lucene:"
        + folder.resolve(store.isEmpty() ? name : store)
        + "', 'model' = '"
        + TestingSql.SMALL_MODEL
        + "'"
        + options
        + ")";
  }

  /** Four photos: photo-0 to photo-3. */
  private void fill() throws Exception {
    sql.insert(
        "INSERT INTO s SELECT 'photo-' || CAST(id AS STRING), embedding, 'file:/' || CAST(id AS"
            + " STRING) || '.png', format, width, height,"
            + " TO_TIMESTAMP_LTZ(1767323045000, 3),"
            + " CASE WHEN MOD(id, 2) = 0 THEN 'even' ELSE 'odd' END,"
            + " MAP['camera', 'c' || CAST(id AS STRING)]"
            + " FROM ML_PREDICT(TABLE photos, MODEL m, DESCRIPTOR(image)) WHERE error IS NULL");
  }

  private List<StoredVector> stored(String store) {
    try (VectorStore opened =
        VectorStore.open("lucene:" + folder.resolve(store), OpenMode.read())) {
      return opened.scan(null, 100);
    }
  }

  private static String embedded() {
    return "WITH e AS (SELECT id AS tid, embedding FROM"
        + " ML_PREDICT(TABLE photos, MODEL m, DESCRIPTOR(image))) ";
  }

  /** The nearest to the first photo. */
  private static String search(String select, String store, String map) {
    return "WITH e AS (SELECT id AS tid, embedding FROM ML_PREDICT((SELECT * FROM photos WHERE id ="
        + " 0), MODEL m, DESCRIPTOR(image))) "
        + select
        + " FROM e, LATERAL TABLE(VECTOR_SEARCH(TABLE "
        + store
        + ", DESCRIPTOR(vec), e.embedding, 1"
        + map
        + "))";
  }
}
