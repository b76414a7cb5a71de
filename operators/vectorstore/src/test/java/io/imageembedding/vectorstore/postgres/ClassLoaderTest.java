// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.vectorstore.Filter;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.StoreException;
import io.imageembedding.vectorstore.TestingVectors;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.Version;
import java.io.File;
import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

/** A job's class loader can go when its stores are closed. */
@Timeout(value = 3, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ClassLoaderTest {
  private static TestingPostgres server;

  @BeforeAll
  static void startServer() throws Exception {
    // As in a process of Flink, whose own logs are there before any job's class loader is.
    LoggerFactory.getLogger(ClassLoaderTest.class).debug("the logs are there");
    server = TestingPostgres.start();
  }

  @AfterAll
  static void stopServer() throws Exception {
    server.close();
  }

  /** What a job does with a store; run by a class loader of its own. */
  public static final class Use implements Consumer<String> {
    @Override
    public void accept(String address) {
      TestingVectors vectors = new TestingVectors(16, 3);
      try (VectorStore store = VectorStore.open(address, OpenMode.write(0))) {
        store.upsert(List.of(TestingVectors.stored("a", vectors.next(), Version.at(1))));
        store.optimize();
        store.search(vectors.next(), 3, Filter.NONE);
      }
      try (VectorStore store = VectorStore.open(address + "&type=halfvec", OpenMode.write(0))) {
        throw new AssertionError("opened " + store);
      } catch (StoreException e) {
        // As it has to be; so the driver's and the store's ways of failing were gone, too.
      }
    }
  }

  /** Loads the store and all that it brings, as a job's jar does; what Flink has comes from it. */
  private static final class JobLoader extends URLClassLoader {
    private static final List<String> OWN =
        List.of("io.imageembedding.", "org.postgresql.", "com.fasterxml.");

    private JobLoader(URL[] jars) {
      super(jars, ClassLoaderTest.class.getClassLoader());
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      synchronized (getClassLoadingLock(name)) {
        if (OWN.stream().noneMatch(name::startsWith)) {
          return super.loadClass(name, resolve);
        }
        Class<?> loaded = findLoadedClass(name);
        return loaded != null ? loaded : findClass(name);
      }
    }
  }

  private static WeakReference<ClassLoader> used(String address) throws Exception {
    List<URL> jars = new ArrayList<>();
    for (String path : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      jars.add(Path.of(path).toUri().toURL());
    }
    ClassLoader own = Thread.currentThread().getContextClassLoader();
    try (JobLoader loader = new JobLoader(jars.toArray(URL[]::new))) {
      Thread.currentThread().setContextClassLoader(loader);
      @SuppressWarnings("unchecked")
      Consumer<String> use =
          (Consumer<String>)
              loader.loadClass(Use.class.getName()).getDeclaredConstructor().newInstance();
      assertThat(use.getClass()).isNotEqualTo(Use.class);
      use.accept(address);
      assertThat(DriverManager.drivers().map(driver -> driver.getClass().getClassLoader()))
          .doesNotContain(loader);
      return new WeakReference<>(loader);
    } finally {
      Thread.currentThread().setContextClassLoader(own);
    }
  }

  @Test
  void nothingHoldsTheClassLoaderOfAJobWhoseStoresAreClosed() throws Exception {
    WeakReference<ClassLoader> loader =
        used(server.address() + "?table=t" + Long.toString(System.nanoTime(), 36));
    Awaitility.await()
        .atMost(Duration.ofMinutes(2))
        .pollInterval(Duration.ofMillis(200))
        .untilAsserted(
            () -> {
              System.gc();
              assertThat(loader.get()).isNull();
            });
  }
}
