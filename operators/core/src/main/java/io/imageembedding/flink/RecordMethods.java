// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.runtime.ObjectMethods;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the JDK forget the records of a job. JDK 17 makes {@code equals}, {@code hashCode} and
 * {@code toString} of a record when they are called first, from a few method handles that belong to
 * all records, and each of these remembers the last type that it was adapted to, for ever. So up to
 * three jobs that have ended would keep their class loaders.
 */
final class RecordMethods {
  private static final Logger LOG = LoggerFactory.getLogger(RecordMethods.class);

  private RecordMethods() {}

  /**
   * Makes the methods of a record that would be made of a text, so that a type of the JDK is what
   * is remembered. To be called when no record of the job is used any more.
   */
  static void forget() {
    try {
      MethodHandles.Lookup lookup = MethodHandles.publicLookup();
      MethodHandle text =
          lookup.findVirtual(String.class, "strip", MethodType.methodType(String.class));
      for (String method : List.of("equals", "hashCode", "toString")) {
        Object ignored =
            ObjectMethods.bootstrap(lookup, method, MethodHandle.class, String.class, "text", text);
      }
    } catch (Throwable e) {
      LOG.debug("Methods of records are linked in another way than in JDK 17", e);
    }
  }
}
