// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.table;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;

/** A session of statements, in a cluster that the test has started. */
final class TestingSql {
  static final String SMALL_MODEL = "untrained:mobilenet_v2_0.35_96";

  private final StreamExecutionEnvironment environment;
  private final StreamTableEnvironment tables;

  TestingSql() {
    this(new Configuration().set(RestartStrategyOptions.RESTART_STRATEGY, "disable"));
  }

  /** One whose jobs are restarted and checkpointed as the configuration says. */
  TestingSql(Configuration config) {
    environment = StreamExecutionEnvironment.getExecutionEnvironment(config);
    environment.setParallelism(1);
    tables = StreamTableEnvironment.create(environment);
  }

  StreamExecutionEnvironment environment() {
    return environment;
  }

  StreamTableEnvironment tables() {
    return tables;
  }

  /** A table of images by number, from 0. */
  TestingSql images(String name, byte[]... images) {
    List<Row> rows = new ArrayList<>();
    for (byte[] image : images) {
      rows.add(Row.of(rows.size(), image));
    }
    tables.createTemporaryView(
        name,
        tables.fromValues(
            DataTypes.ROW(
                DataTypes.FIELD("id", DataTypes.INT()),
                DataTypes.FIELD("image", DataTypes.BYTES())),
            rows));
    return this;
  }

  TestingSql run(String statement) {
    tables.executeSql(statement);
    return this;
  }

  /** Runs an INSERT to its end. */
  void insert(String statement) throws Exception {
    tables.executeSql(statement).await();
  }

  /** Runs a query to its end; where rows begin with numbers, in the order of these. */
  List<Row> rows(String query) throws Exception {
    TableResult result = tables.executeSql(query);
    List<Row> rows = new ArrayList<>();
    try (CloseableIterator<Row> found = result.collect()) {
      found.forEachRemaining(rows::add);
    }
    if (rows.stream().allMatch(row -> row.getField(0) instanceof Integer)) {
      // Flink reads a table of values in parts, in any order.
      rows.sort(Comparator.comparing(row -> (Integer) row.getField(0)));
    }
    return rows;
  }
}
