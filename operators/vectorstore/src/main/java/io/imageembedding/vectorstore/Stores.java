// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import io.imageembedding.annotation.Internal;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.ServiceLoader.Provider;
import java.util.Set;
import java.util.function.Supplier;

/** The kinds of stores there are. */
@Internal
public final class Stores {

  /** Kinds that are in artifacts of their own, because they bring much. */
  private static final Set<String> APART = Set.of("milvus");

  private Stores() {}

  /**
   * @param onRetry called whenever something failed and is tried again
   */
  public static VectorStore open(StoreAddress address, OpenMode mode, Runnable onRetry) {
    VectorStoreProvider provider = provider(address);
    Retry retry = new Retry(mode.retry(), onRetry);
    return new RetryingStore(address, retry.call(() -> provider.open(address, mode)), retry);
  }

  /** Refuses an address that no kind of store knows, or whose options it does not. */
  public static void check(StoreAddress address) {
    provider(address).check(address);
  }

  /** How the addresses of all kinds are written, for a message: {@code a:B, c:D or e:F}. */
  public static String forms() {
    List<String> forms = known().stream().map(VectorStoreProvider::form).toList();
    int last = forms.size() - 1;
    return last < 1
        ? String.join("", forms)
        : String.join(", ", forms.subList(0, last)) + " or " + forms.get(last);
  }

  /** By scheme. */
  private static List<VectorStoreProvider> known() {
    // Not the thread's class loader: on a cluster the stores are in the job's jar, as this is.
    return ServiceLoader.load(VectorStoreProvider.class, Stores.class.getClassLoader()).stream()
        .map(Provider::get)
        .sorted(Comparator.comparing(VectorStoreProvider::scheme))
        .toList();
  }

  private static VectorStoreProvider provider(StoreAddress address) {
    List<VectorStoreProvider> known = known();
    return known.stream()
        .filter(provider -> provider.scheme().equals(address.scheme()))
        .findFirst()
        .orElseThrow(
            () ->
                new StoreException(
                    "there is no kind of store '"
                        + address.scheme()
                        + ":'; known: "
                        + String.join(
                            ", ", known.stream().map(kind -> kind.scheme() + ":").toList())
                        + (APART.contains(address.scheme())
                            ? "; it is in image-embedding-vectorstore-"
                                + address.scheme()
                                + ", which is missing on the class path"
                            : "")));
  }

  /** Tries again what can pass, and does nothing any more once it is closed. */
  private static final class RetryingStore implements VectorStore {
    private final StoreAddress address;
    private final VectorStore store;
    private final Retry retry;
    private volatile boolean closed;

    private RetryingStore(StoreAddress address, VectorStore store, Retry retry) {
      this.address = address;
      this.store = store;
      this.retry = retry;
    }

    @Override
    public WriteResult write(List<? extends Change> changes) {
      return call(() -> store.write(changes));
    }

    @Override
    public List<Hit> search(float[] vector, int k, Filter filter) {
      return call(() -> store.search(vector, k, filter));
    }

    @Override
    public Optional<StoredVector> get(String id) {
      return call(() -> store.get(id));
    }

    @Override
    public List<StoredVector> scan(String after, int most) {
      return call(() -> store.scan(after, most));
    }

    @Override
    public List<StoredVector> newest(int most) {
      return call(() -> store.newest(most));
    }

    @Override
    public StoreDescription describe() {
      return call(store::describe);
    }

    @Override
    public void commit() {
      call(
          () -> {
            store.commit();
            return null;
          });
    }

    @Override
    public void optimize() {
      call(
          () -> {
            store.optimize();
            return null;
          });
    }

    private <R> R call(Supplier<R> action) {
      if (closed) {
        throw new StoreException(address + " is closed");
      }
      return retry.call(action);
    }

    @Override
    public void close() {
      closed = true;
      retry.close();
      store.close();
    }
  }
}
