// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.table;

import io.imageembedding.vectorstore.Filter;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.expressions.CallExpression;
import org.apache.flink.table.expressions.Expression;
import org.apache.flink.table.expressions.FieldReferenceExpression;
import org.apache.flink.table.expressions.ResolvedExpression;
import org.apache.flink.table.expressions.ValueLiteralExpression;
import org.apache.flink.table.functions.BuiltInFunctionDefinitions;

/** What the planner asks of a search, as the store's filter. */
final class SearchConditions {
  private SearchConditions() {}

  /**
   * The filter that keeps all conditions.
   *
   * @param columns of the table
   * @throws ValidationException if a store cannot keep one
   */
  static Filter filter(List<ResolvedExpression> all, List<StoreColumn> columns) {
    Map<String, String> conditions = new TreeMap<>();
    for (ResolvedExpression condition : all) {
      add(condition, columns, conditions);
    }
    return new Filter(conditions);
  }

  private static void add(
      Expression condition, List<StoreColumn> columns, Map<String, String> conditions) {
    if (condition instanceof CallExpression call
        && call.getFunctionDefinition() == BuiltInFunctionDefinitions.AND) {
      call.getChildren().forEach(part -> add(part, columns, conditions));
      return;
    }
    if (condition instanceof CallExpression call
        && call.getFunctionDefinition() == BuiltInFunctionDefinitions.EQUALS
        && call.getChildren().size() == 2) {
      Expression left = call.getChildren().get(0);
      Expression right = call.getChildren().get(1);
      Optional<String> key = key(left, columns).or(() -> key(right, columns));
      Optional<String> value = text(right).or(() -> text(left));
      if (key.isPresent() && value.isPresent()) {
        String before = conditions.put(key.get(), value.get());
        if (before == null || before.equals(value.get())) {
          return;
        }
      }
    }
    throw new ValidationException(
        "a search cannot keep the condition "
            + condition.asSummaryString()
            + "; allowed: COLUMN = 'text', joined by AND, for columns that are attributes, uri or"
            + " format: "
            + String.join(
                ", ",
                columns.stream()
                    .filter(column -> column.filterKey().isPresent())
                    .map(StoreColumn::name)
                    .toList()));
  }

  private static Optional<String> key(Expression expression, List<StoreColumn> columns) {
    return expression instanceof FieldReferenceExpression field
        ? columns.stream()
            .filter(column -> column.name().equals(field.getName()))
            .findFirst()
            .flatMap(StoreColumn::filterKey)
        : Optional.empty();
  }

  private static Optional<String> text(Expression expression) {
    return expression instanceof ValueLiteralExpression literal
        ? literal.getValueAs(String.class)
        : Optional.empty();
  }
}
