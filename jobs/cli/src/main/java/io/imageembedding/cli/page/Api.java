// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.page;

import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.Outcome;
import io.imageembedding.embedding.Provenance;
import io.imageembedding.embedding.Refusal;
import io.imageembedding.image.UndecodableImageException;
import io.imageembedding.safety.BoundedCache;
import io.imageembedding.safety.Printable;
import io.imageembedding.vectorstore.CollectionSpec;
import io.imageembedding.vectorstore.Filter;
import io.imageembedding.vectorstore.Hit;
import io.imageembedding.vectorstore.StoreDescription;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.VectorStore;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What can be asked of the server apart from the page itself. Owns what answers. */
final class Api implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Api.class);

  /** Most bytes of an image that is searched for. */
  static final int MAX_UPLOAD_BYTES = 32 << 20;

  /** Most images that are searched for at the same time. */
  static final int MAX_UPLOADS = 4;

  private static final int MOST_HITS = 100;
  private static final int HITS = 24;
  private static final int NEWEST = 60;
  private static final long CACHE_BYTES = 32L << 20;
  private static final String ID = "id";
  private static final String K = "k";

  private final ImageSource images;
  private final QueryModel model;

  /** Set before anything is asked. */
  private volatile VectorStore store;

  private volatile Arrivals arrivals;
  private final Thumbnails thumbnails = new Thumbnails();
  private final BoundedCache<String, byte[]> thumbnailsByKey =
      new BoundedCache<>(CACHE_BYTES, jpeg -> jpeg.length);
  private final Semaphore uploads = new Semaphore(MAX_UPLOADS);
  private QueryEmbedder embedder;

  /** Answers of {@code describe}. */
  private record Described(
      String store,
      long count,
      Integer dimension,
      String metric,
      Space space,
      Map<String, String> details,
      long maxUploadBytes) {}

  private record Space(
      String id, String model, String sha256, String precision, String preprocessing) {

    static Space of(Provenance made) {
      return new Space(
          made.vectorSpace(), made.model(), made.sha256(), made.precision(), made.preprocessing());
    }
  }

  /** Answers of {@code newest}. */
  private record Newest(long count, List<Picture> pictures) {}

  /** Answers of {@code search}. */
  private record Found(Query query, int k, Map<String, String> filter, List<Picture> hits) {}

  /**
   * What was searched for.
   *
   * @param picture null where it is not of the store
   * @param image null where it is
   */
  private record Query(Picture picture, Uploaded image) {}

  private record Uploaded(String format, int width, int height, String thumbnail) {}

  /** Owns the images. */
  Api(ImageSource images, QueryModel model) {
    this.images = images;
    this.model = model;
  }

  /** Owns the store, too, from here on. */
  void take(VectorStore opened) {
    store = opened;
    arrivals = new Arrivals(opened);
  }

  /** Loads the model, if the store already says of which one its vectors are. */
  void prepare() {
    store.describe().collection().ifPresent(this::embedder);
  }

  private synchronized QueryEmbedder embedder(CollectionSpec held) {
    if (embedder == null) {
      embedder = QueryEmbedder.open(model, store.describe().store(), held);
    }
    return embedder;
  }

  Reply describe(Request request) throws RequestFailure {
    parameters(request, Set.of());
    StoreDescription is = arrivals.latest().store();
    Optional<CollectionSpec> held = is.collection();
    return Reply.json(
        new Described(
            is.store(),
            is.count(),
            held.map(CollectionSpec::dimension).orElse(null),
            held.map(collection -> collection.metric().id()).orElse(null),
            held.map(CollectionSpec::space).map(Space::of).orElse(null),
            is.details(),
            MAX_UPLOAD_BYTES));
  }

  Reply newest(Request request) throws RequestFailure {
    int most = parameters(request, Set.of("n")).number("n", NEWEST, Arrivals.MOST);
    Arrivals.Snapshot now = arrivals.latest();
    return Reply.json(
        new Newest(
            now.store().count(), now.pictures().stream().limit(most).map(Picture::of).toList()));
  }

  Reply searchById(Request request) throws RequestFailure {
    Parameters parameters = parameters(request, Set.of(ID, K, Parameters.FILTER));
    int k = parameters.number(K, HITS, MOST_HITS);
    Filter filter = parameters.filter();
    StoredVector picture = picture(parameters);
    return found(
        new Query(Picture.of(picture), null),
        k,
        filter,
        NearestPictures.others(store, picture, k, filter));
  }

  /** Takes the place of one of those that may be searched for at a time, until it is closed. */
  HttpFront.Answering searchByImage() throws RequestFailure {
    if (!uploads.tryAcquire()) {
      throw new RequestFailure(
          503,
          "BUSY",
          MAX_UPLOADS + " images are being searched for, and no more at a time; try again",
          "Retry-After",
          "1");
    }
    return new HttpFront.Answering() {
      @Override
      public int mostBytes() {
        return MAX_UPLOAD_BYTES;
      }

      @Override
      public Reply answer(Request whole) throws RequestFailure, IOException {
        return searchByImage(whole);
      }

      @Override
      public void close() {
        uploads.release();
      }
    };
  }

  private Reply searchByImage(Request request) throws RequestFailure, IOException {
    Parameters parameters = parameters(request, Set.of(K, Parameters.FILTER));
    int k = parameters.number(K, HITS, MOST_HITS);
    Filter filter = parameters.filter();
    try {
      CollectionSpec held =
          store
              .describe()
              .collection()
              .orElseThrow(() -> new RequestFailure(409, "EMPTY_STORE", "the store is empty"));
      Outcome outcome = embedder(held).embed(request.body());
      if (outcome instanceof Refusal refusal) {
        throw new RequestFailure(
            422,
            refusal.stage().name().toLowerCase(Locale.ROOT),
            refusal.code(),
            refusal.message());
      }
      Embedding embedding = (Embedding) outcome;
      Uploaded uploaded =
          new Uploaded(
              embedding.image().format(),
              embedding.image().width(),
              embedding.image().height(),
              thumbnails.dataUrl(request.body()));
      return found(
          new Query(null, uploaded), k, filter, store.search(embedding.vector(), k, filter));
    } catch (UndecodableImageException e) {
      throw new RequestFailure(422, "image", e.fault().name(), e.getMessage());
    }
  }

  private static Reply found(Query query, int k, Filter filter, List<Hit> hits) {
    return Reply.json(
        new Found(query, k, filter.conditions(), hits.stream().map(Picture::of).toList()));
  }

  Reply thumbnail(Request request) throws RequestFailure, IOException {
    Parameters parameters = parameters(request, Set.of(ID, "version"));
    StoredVector picture = picture(parameters);
    String version = Picture.key(picture.version());
    boolean current = parameters.text("version").equals(Optional.of(version));
    String key = version + " " + picture.id();
    Optional<byte[]> known = thumbnailsByKey.get(key);
    if (known.isPresent()) {
      return new Reply(200, "image/jpeg", known.get(), current);
    }
    byte[] encoded;
    try {
      encoded =
          images
              .find(picture.id(), picture.version(), picture.image())
              .orElseThrow(() -> missing("is not where images of this server may be read"));
    } catch (IOException e) {
      LOG.warn("image {} cannot be read", Printable.line(picture.id()), e);
      throw missing("cannot be read now");
    }
    try {
      byte[] jpeg = thumbnails.jpeg(encoded);
      thumbnailsByKey.put(key, jpeg);
      return new Reply(200, "image/jpeg", jpeg, current);
    } catch (UndecodableImageException e) {
      throw new RequestFailure(422, "image", e.fault().name(), e.getMessage());
    }
  }

  private static RequestFailure missing(String why) {
    return new RequestFailure(404, "NO_IMAGE", "the picture is in the store, but its image " + why);
  }

  private StoredVector picture(Parameters parameters) throws RequestFailure {
    String id = parameters.required(ID);
    return store
        .get(id)
        .orElseThrow(
            () -> new RequestFailure(404, "UNKNOWN_ID", "the store has no picture '" + id + "'"));
  }

  private static Parameters parameters(Request request, Set<String> known) throws RequestFailure {
    return new Parameters(request.query(), known);
  }

  @Override
  public void close() {
    try (VectorStore taken = store;
        images;
        thumbnails) {
      synchronized (this) {
        if (embedder != null) {
          embedder.close();
        }
      }
    }
  }
}
