// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import io.imageembedding.annotation.PublicEvolving;
import io.imageembedding.vectorstore.RefusedChange.Reason;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A batch as a store writes it: only changes that belong into the collection, at most one for each
 * id, ordered by id so that writers that run at once do not wait for each other in a circle.
 */
@PublicEvolving
public final class ChangeBatch {

  /** Longest id, in bytes of UTF-8: what an index of PostgreSQL takes. */
  public static final int MAX_ID_BYTES = 2048;

  /** Longest metadata of an image, in characters. */
  public static final int MAX_METADATA_CHARACTERS = 1 << 20;

  /** Most attributes of an image: what an array of Milvus takes, and some room. */
  public static final int MAX_ATTRIBUTES = 4000;

  /** Squared lengths within this are exact enough as sums of floats. */
  private static final double LEAST_SQUARE = 1e-30;

  private static final double MOST_SQUARE = 1e30;

  private final List<Change> newest;
  private final List<RefusedChange> refused;
  private final int size;

  private ChangeBatch(List<Change> newest, List<RefusedChange> refused, int size) {
    this.newest = newest;
    this.refused = refused;
    this.size = size;
  }

  /** What the collection takes of the changes. */
  public static ChangeBatch of(List<? extends Change> changes, CollectionSpec collection) {
    return of(changes, collection, Float.MAX_VALUE);
  }

  /**
   * What the collection takes of the changes, where the store keeps features as smaller numbers
   * than floats.
   *
   * @param largest feature that they hold; vectors whose largest is below its reciprocal are taken
   *     for zero
   */
  public static ChangeBatch of(
      List<? extends Change> changes, CollectionSpec collection, float largest) {
    Map<String, Change> newest = new TreeMap<>();
    List<RefusedChange> refused = new ArrayList<>();
    for (int i = 0; i < changes.size(); i++) {
      Change change = changes.get(i);
      Optional<RefusedChange> fault = fault(i, change, collection, largest);
      if (fault.isPresent()) {
        refused.add(fault.get());
      } else {
        newest.merge(change.id(), change, (a, b) -> Change.BY_AGE.compare(a, b) >= 0 ? a : b);
      }
    }
    return new ChangeBatch(List.copyOf(newest.values()), refused, changes.size());
  }

  /**
   * The collection that a new store is made for: that of the first vector that would be taken.
   * Empty if every change would be refused.
   *
   * @throws StoreException if there are deletions only, for which nothing can be made
   */
  public static Optional<CollectionSpec> collectionOf(
      String store, List<? extends Change> changes, Similarity metric) {
    boolean deletes = false;
    for (int i = 0; i < changes.size(); i++) {
      Change change = changes.get(i);
      Optional<CollectionSpec> own = ownCollection(change, metric);
      if (own.isPresent() && fault(i, change, own.get(), Float.MAX_VALUE).isEmpty()) {
        return own;
      }
      deletes |= change instanceof Deletion;
    }
    if (deletes) {
      throw new StoreException(
          store
              + " is new, and nothing says yet which vectors it is for; open it for a collection");
    }
    return Optional.empty();
  }

  /** The result for vectors of which {@link #collectionOf} found none that would be taken. */
  public static WriteResult allRefused(List<? extends Change> changes, Similarity metric) {
    List<RefusedChange> refused = new ArrayList<>();
    for (int i = 0; i < changes.size(); i++) {
      Change change = changes.get(i);
      CollectionSpec own =
          ownCollection(change, metric)
              .orElseGet(() -> new CollectionSpec(1, metric, ((StoredVector) change).space()));
      fault(i, change, own, Float.MAX_VALUE).ifPresent(refused::add);
    }
    return new WriteResult(0, 0, refused);
  }

  private static Optional<CollectionSpec> ownCollection(Change change, Similarity metric) {
    return change instanceof StoredVector stored && stored.vector().length > 0
        ? Optional.of(new CollectionSpec(stored.vector().length, metric, stored.space()))
        : Optional.empty();
  }

  /** The newest change to each id, ordered by id. */
  public List<Change> newest() {
    return newest;
  }

  /** The batch's result, if so many of {@link #newest} were newer than what the store had. */
  public WriteResult result(int written) {
    return new WriteResult(written, size - refused.size() - written, refused);
  }

  /**
   * Refuses a vector that cannot be searched for.
   *
   * @throws StoreException saying what is wrong with it
   */
  public static void requireSearchable(float[] vector, CollectionSpec collection) {
    Fault fault = fault(vector, collection, Float.MAX_VALUE);
    if (fault != null) {
      throw new StoreException("cannot search for this vector: " + fault.message);
    }
  }

  private static Optional<RefusedChange> fault(
      int index, Change change, CollectionSpec collection, float largest) {
    Fault fault = fault(change.id());
    if (fault == null && !isText(change.version().topic())) {
      fault = new Fault(Reason.UNUSABLE_METADATA, "the topic is no valid text");
    }
    if (fault == null && change.version().topic().length() > MAX_ID_BYTES) {
      fault =
          new Fault(
              Reason.UNUSABLE_METADATA,
              "the topic has "
                  + change.version().topic().length()
                  + " characters; allowed: "
                  + MAX_ID_BYTES);
    }
    if (fault == null && change instanceof StoredVector stored) {
      fault = fault(stored.image());
      if (fault == null && !stored.space().vectorSpace().equals(collection.space().vectorSpace())) {
        fault =
            new Fault(
                Reason.OTHER_SPACE,
                "the vector is of "
                    + stored.space().summary()
                    + ", the store holds vectors of "
                    + collection.space().summary());
      }
      if (fault == null) {
        fault = fault(stored.vector(), collection, largest);
      }
    }
    return fault == null
        ? Optional.empty()
        : Optional.of(new RefusedChange(index, change.id(), fault.reason, fault.message));
  }

  private static Fault fault(String id) {
    if (id.isEmpty()) {
      return new Fault(Reason.UNUSABLE_ID, "the id is empty");
    }
    if (!isText(id)) {
      return new Fault(Reason.UNUSABLE_ID, "the id is no valid text");
    }
    int bytes = id.getBytes(StandardCharsets.UTF_8).length;
    return bytes <= MAX_ID_BYTES
        ? null
        : new Fault(Reason.UNUSABLE_ID, "the id has " + bytes + " bytes; allowed: " + MAX_ID_BYTES);
  }

  private static Fault fault(ImageMetadata image) {
    long characters =
        image.info().format().length() + (image.uri() == null ? 0 : image.uri().length());
    boolean text = isText(image.info().format()) && (image.uri() == null || isText(image.uri()));
    for (Map.Entry<String, String> attribute : image.attributes().entrySet()) {
      characters += attribute.getKey().length() + attribute.getValue().length();
      text = text && isText(attribute.getKey()) && isText(attribute.getValue());
    }
    if (characters > MAX_METADATA_CHARACTERS) {
      return new Fault(
          Reason.UNUSABLE_METADATA,
          "the metadata has " + characters + " characters; allowed: " + MAX_METADATA_CHARACTERS);
    }
    if (image.attributes().size() > MAX_ATTRIBUTES) {
      return new Fault(
          Reason.UNUSABLE_METADATA,
          "there are " + image.attributes().size() + " attributes; allowed: " + MAX_ATTRIBUTES);
    }
    return text ? null : new Fault(Reason.UNUSABLE_METADATA, "the metadata is no valid text");
  }

  private static Fault fault(float[] vector, CollectionSpec collection, float largest) {
    if (vector.length != collection.dimension()) {
      return new Fault(
          Reason.WRONG_LENGTH,
          "the vector has "
              + vector.length
              + " features, those of the store have "
              + collection.dimension());
    }
    double square = 0;
    float most = 0;
    for (int i = 0; i < vector.length; i++) {
      if (!Float.isFinite(vector[i])) {
        return new Fault(Reason.NOT_FINITE, "feature " + i + " is " + vector[i]);
      }
      square += (double) vector[i] * vector[i];
      most = Math.max(most, Math.abs(vector[i]));
    }
    if (most > largest) {
      return new Fault(
          Reason.NOT_FINITE, "a feature is " + most + ", the store holds up to " + largest);
    }
    if (square > MOST_SQUARE) {
      return new Fault(
          Reason.NOT_FINITE, "the vector is " + Math.sqrt(square) + " long, too much for floats");
    }
    return square >= LEAST_SQUARE && most >= 1 / largest
        ? null
        : new Fault(
            Reason.ZERO_NORM,
            "the vector is " + Math.sqrt(square) + " long, so it has no direction");
  }

  /** Whether every store can hold the text: no NUL, no half of a surrogate pair. */
  private static boolean isText(String text) {
    return text.indexOf('\0') < 0
        && text.codePoints()
            .noneMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE);
  }

  private record Fault(Reason reason, String message) {}
}
