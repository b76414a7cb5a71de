// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.ref.WeakReference;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class RecordMethodsTest {

  /** What a job has of its own. */
  enum Colour {
    RED
  }

  /** A record with a component of such a type. */
  record Painted(Colour colour) {}

  /** As a job's class loader: its own classes first. */
  private static final class JobLoader extends ClassLoader {
    JobLoader() {
      super(JobLoader.class.getClassLoader());
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (!name.startsWith(RecordMethodsTest.class.getName())) {
        return super.loadClass(name, resolve);
      }
      Class<?> loaded = findLoadedClass(name);
      return loaded != null ? loaded : define(name);
    }

    private Class<?> define(String name) throws ClassNotFoundException {
      try (InputStream file = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
        byte[] bytes = file.readAllBytes();
        return defineClass(name, bytes, 0, bytes.length);
      } catch (IOException e) {
        throw new ClassNotFoundException(name, e);
      }
    }
  }

  @Test
  void afterwardsNothingHoldsTheClassLoaderOfARecordWhoseMethodsWereCalled() throws Exception {
    WeakReference<ClassLoader> loader = new WeakReference<>(useRecords());

    RecordMethods.forget();

    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .until(
            () -> {
              System.gc();
              return loader.get() == null;
            });
    assertThat(loader.get()).isNull();
  }

  private static ClassLoader useRecords() throws ReflectiveOperationException {
    ClassLoader loader = new JobLoader();
    Class<?> colour = Class.forName(Colour.class.getName(), true, loader);
    Class<?> painted = Class.forName(Painted.class.getName(), true, loader);
    assertThat(painted).isNotEqualTo(Painted.class);
    var constructor = painted.getDeclaredConstructor(colour);
    constructor.setAccessible(true);
    Object one = constructor.newInstance(colour.getEnumConstants()[0]);
    Object other = constructor.newInstance(colour.getEnumConstants()[0]);
    assertThat(one).isEqualTo(other).hasSameHashCodeAs(other).hasToString("Painted[colour=RED]");
    return loader;
  }
}
