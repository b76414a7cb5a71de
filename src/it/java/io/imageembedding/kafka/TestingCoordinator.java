// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import io.imageembedding.broker.EmbeddedKafka;
import java.lang.reflect.Field;
import java.time.Duration;

/**
 * Puts what takes hours or days into the memory of a broker's transaction coordinator. It is
 * reached by reflection, as a broker has no such requests.
 */
final class TestingCoordinator {
  private final Object manager;

  TestingCoordinator(EmbeddedKafka kafka) throws ReflectiveOperationException {
    Object broker = call(field(field(kafka, "server"), "broker"), "get");
    manager = field(call(broker, "transactionCoordinator"), "txnManager");
  }

  /** Has the id used as often as a producer id can be, but for so many times. */
  void leaveEpochs(String id, int left) throws ReflectiveOperationException {
    Object metadata = metadata(id);
    metadata
        .getClass()
        .getMethod("setProducerEpoch", short.class)
        .invoke(metadata, (short) (Short.MAX_VALUE - 1 - left));
  }

  /** Has the transaction of the id been open for so long. */
  void age(String id, Duration age) throws ReflectiveOperationException {
    Field start = metadata(id).getClass().getDeclaredField("txnStartTimestamp");
    start.setAccessible(true);
    start.set(metadata(id), System.currentTimeMillis() - age.toMillis());
  }

  private Object metadata(String id) throws ReflectiveOperationException {
    Object found =
        manager.getClass().getMethod("getTransactionState", String.class).invoke(manager, id);
    return call(call(call(call(found, "toOption"), "get"), "get"), "transactionMetadata");
  }

  private static Object call(Object target, String method) throws ReflectiveOperationException {
    return target.getClass().getMethod(method).invoke(target);
  }

  private static Object field(Object target, String name) throws ReflectiveOperationException {
    Field field = target.getClass().getDeclaredField(name);
    field.setAccessible(true);
    return field.get(target);
  }
}
