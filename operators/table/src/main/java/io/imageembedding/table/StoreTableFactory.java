// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.table;

import static org.apache.flink.configuration.ConfigOptions.key;

import io.imageembedding.vectorstore.CollectionSpec;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.RetryPolicy;
import io.imageembedding.vectorstore.Similarity;
import io.imageembedding.vectorstore.StoreAddress;
import io.imageembedding.vectorstore.StoreException;
import io.imageembedding.vectorstore.Stores;
import io.imageembedding.vectorstore.VectorStore;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.flink.annotation.Internal;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.factories.DynamicTableSinkFactory;
import org.apache.flink.table.factories.DynamicTableSourceFactory;
import org.apache.flink.table.factories.FactoryUtil;

/**
 * Tables {@code WITH ('connector' = 'image-embedding-store', 'address' = 'lucene:…')}: to be
 * written to, and to be searched by {@code VECTOR_SEARCH}. Columns are those of {@link
 * StoreColumn}.
 *
 * <p>Which model's vectors a table takes, {@code 'model'} and its kin say as in {@code CREATE
 * MODEL}. A store that holds those of another model is refused when a statement is planned.
 */
@Internal
public final class StoreTableFactory implements DynamicTableSourceFactory, DynamicTableSinkFactory {

  /** Value of {@code connector}. */
  public static final String IDENTIFIER = "image-embedding-store";

  static final ConfigOption<String> ADDRESS = key("address").stringType().noDefaultValue();

  static final ConfigOption<Refused> REFUSED =
      key("refused").enumType(Refused.class).defaultValue(Refused.FAIL);

  /** What happens to a row that no store takes. */
  enum Refused {
    /** The statement fails, naming it. */
    FAIL,
    /** It is logged, and counted by {@code numRecordsSendErrors}. */
    SKIP
  }

  @Override
  public String factoryIdentifier() {
    return IDENTIFIER;
  }

  @Override
  public Set<ConfigOption<?>> requiredOptions() {
    return Set.of(ADDRESS);
  }

  @Override
  public Set<ConfigOption<?>> optionalOptions() {
    Set<ConfigOption<?>> options = new HashSet<>(SqlOptions.ofVectorSpace());
    options.add(REFUSED);
    options.add(FactoryUtil.SINK_PARALLELISM);
    return options;
  }

  @Override
  public DynamicTableSource createDynamicTableSource(Context context) {
    ReadableConfig options = checked(context);
    StoreTable table = table(context, options);
    // Tasks search what was seen here, or nothing.
    Optional<CollectionSpec> held = SqlOptions.checked(() -> held(table, true));
    return new StoreTableSource(
        new StoreTable(table.address(), table.text(), held.or(table::expected), table.columns()),
        table.columns());
  }

  @Override
  public DynamicTableSink createDynamicTableSink(Context context) {
    ReadableConfig options = checked(context);
    StoreTable table = table(context, options);
    if (table.expected().isEmpty()) {
      throw new ValidationException(
          "model: not set; needed to write to a store: the model whose vectors it gets, as CREATE"
              + " MODEL names it, for instance 'model' = 'builtin'");
    }
    SqlOptions.checked(() -> held(table, false));
    return new StoreTableSink(
        table,
        options.get(REFUSED),
        options.getOptional(FactoryUtil.SINK_PARALLELISM).orElse(null));
  }

  private ReadableConfig checked(Context context) {
    FactoryUtil.TableFactoryHelper helper = FactoryUtil.createTableFactoryHelper(this, context);
    helper.validate();
    return helper.getOptions();
  }

  private static StoreTable table(Context context, ReadableConfig options) {
    String address = options.get(ADDRESS);
    return SqlOptions.checked(
        () -> {
          StoreAddress.withPaths(address, StoreTableFactory::requireAbsolute);
          StoreAddress parsed = StoreAddress.parse(address);
          Stores.check(parsed);
          return new StoreTable(
              parsed,
              address,
              expected(context.getCatalogTable().getOptions()),
              StoreColumn.of(context.getCatalogTable().getResolvedSchema()));
        });
  }

  /** A relative one would be another folder in each process. */
  private static String requireAbsolute(String path) {
    if (!Path.of(path).isAbsolute()) {
      throw new StoreException("address: '" + path + "' is relative; allowed: an absolute path");
    }
    return path;
  }

  private static Optional<CollectionSpec> expected(Map<String, String> options) {
    Set<String> names =
        SqlOptions.ofVectorSpace().stream().map(ConfigOption::key).collect(Collectors.toSet());
    Map<String, String> model = new TreeMap<>(options);
    model.keySet().retainAll(names);
    if (!model.containsKey("model")) {
      if (!model.isEmpty()) {
        throw new ValidationException(
            "model: not set, but " + String.join(", ", model.keySet()) + " says how it runs");
      }
      return Optional.empty();
    }
    EmbeddingPlan plan = EmbeddingPlan.of(model);
    return Optional.of(
        new CollectionSpec(plan.built().dimension(), Similarity.COSINE, plan.provenance()));
  }

  /** What the store holds, if there is one that holds anything. */
  private static Optional<CollectionSpec> held(StoreTable table, boolean needed) {
    try (VectorStore store =
        Stores.open(table.address(), OpenMode.read().retrying(RetryPolicy.NONE), () -> {})) {
      Optional<CollectionSpec> held = store.describe().collection();
      held.ifPresent(
          has ->
              table
                  .expected()
                  .ifPresent(wanted -> wanted.requireSame("store " + table.text(), has)));
      return held;
    } catch (StoreException e) {
      if (!needed && OpenMode.isMissing(e)) {
        return Optional.empty();
      }
      throw e;
    }
  }
}
