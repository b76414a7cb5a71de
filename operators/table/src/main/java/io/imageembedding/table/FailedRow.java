// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.table;

import org.apache.flink.table.data.ArrayData;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.MapData;
import org.apache.flink.table.data.RawValueData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.types.RowKind;
import org.apache.flink.types.variant.Variant;

/**
 * The answer of what no longer answers, a model or a store: whoever reads a column of it fails by
 * the cause. So the task fails, and nobody prints the row that was asked for, as Flink does where a
 * future fails.
 */
final class FailedRow implements RowData {
  private final int arity;
  private final RuntimeException failure;
  private RowKind kind = RowKind.INSERT;

  FailedRow(int arity, RuntimeException failure) {
    this.arity = arity;
    this.failure = failure;
  }

  @Override
  public int getArity() {
    return arity;
  }

  @Override
  public RowKind getRowKind() {
    return kind;
  }

  @Override
  public void setRowKind(RowKind rowKind) {
    kind = rowKind;
  }

  @Override
  public boolean isNullAt(int pos) {
    throw failure;
  }

  @Override
  public boolean getBoolean(int pos) {
    throw failure;
  }

  @Override
  public byte getByte(int pos) {
    throw failure;
  }

  @Override
  public short getShort(int pos) {
    throw failure;
  }

  @Override
  public int getInt(int pos) {
    throw failure;
  }

  @Override
  public long getLong(int pos) {
    throw failure;
  }

  @Override
  public float getFloat(int pos) {
    throw failure;
  }

  @Override
  public double getDouble(int pos) {
    throw failure;
  }

  @Override
  public StringData getString(int pos) {
    throw failure;
  }

  @Override
  public DecimalData getDecimal(int pos, int precision, int scale) {
    throw failure;
  }

  @Override
  public TimestampData getTimestamp(int pos, int precision) {
    throw failure;
  }

  @Override
  public ArrayData getArray(int pos) {
    throw failure;
  }

  @Override
  public MapData getMap(int pos) {
    throw failure;
  }

  @Override
  public RowData getRow(int pos, int numFields) {
    throw failure;
  }

  @Override
  public Variant getVariant(int pos) {
    throw failure;
  }

  @Override
  public <T> RawValueData<T> getRawValue(int pos) {
    throw failure;
  }

  @Override
  public byte[] getBinary(int pos) {
    throw failure;
  }
}
