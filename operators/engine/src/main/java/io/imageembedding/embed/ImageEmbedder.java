// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.embed;

import io.imageembedding.annotation.Internal;
import io.imageembedding.annotation.PublicEvolving;
import io.imageembedding.embedding.ClassScore;
import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.ImageInfo;
import io.imageembedding.embedding.Outcome;
import io.imageembedding.embedding.Provenance;
import io.imageembedding.embedding.Refusal;
import io.imageembedding.image.ImageDecoder;
import io.imageembedding.image.ImageDecoder.Decoded;
import io.imageembedding.image.ImageTensor;
import io.imageembedding.image.UndecodableImageException;
import io.imageembedding.model.ClassLabels;
import io.imageembedding.model.FeatureVectorModel;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelSource;
import io.imageembedding.safety.Printable;
import io.imageembedding.tensorflow.Ownership;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers encoded images with embeddings or refusals, as many as were asked, in the same order, and
 * the same whatever company an image is in. What the operator does in a task; for use without
 * Flink, too.
 *
 * <p>Images are decoded into one input tensor, which is handed to the model. A batch that the model
 * fails on is halved until the culprit stands alone; if the model then fails on a plain image as
 * well, it is the model that is broken and {@link ModelException} is thrown. Owns native memory;
 * not thread-safe.
 */
@PublicEvolving
public final class ImageEmbedder implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ImageEmbedder.class);

  /** Encoded images are decoded before there are more of them in memory. */
  private static final long MOST_BYTES_WAITING = 4 << 20;

  /** Gives the encoded images of a batch one by one, each called for once and in order. */
  @FunctionalInterface
  public interface EncodedImages {

    /** The image at the index, from 0. */
    byte[] image(int index) throws ElementRefusedException, IOException;
  }

  private final Ownership owned = new Ownership();
  private final FeatureVectorModel model;
  private final ImageDecoder decoder;
  private final ImageTensor tensor;
  private final Provenance provenance;
  private final EmbedListener listener;
  private final Optional<TopClasses> topClasses;
  private final EmbeddingCache cache;

  /**
   * Loads the model and runs it once for the smallest and the largest batch.
   *
   * @throws ModelException if the model cannot be loaded or run
   */
  public ImageEmbedder(ModelSource source, EmbedSettings settings) {
    this(source, settings, new EmbedListener() {});
  }

  /**
   * One that is listened to.
   *
   * @throws ModelException if the model cannot be loaded or run
   */
  @Internal
  public ImageEmbedder(ModelSource source, EmbedSettings settings, EmbedListener listener) {
    this.listener = listener;
    long startMillis = System.currentTimeMillis();
    long start = System.nanoTime();
    AtomicLong read = new AtomicLong();
    long proven;
    try {
      model = owned.add(source.load(() -> read.set(System.nanoTime() - start)));
      proven = System.nanoTime() - start;
      tensor = owned.add(model.newInput(settings.batchSize()));
      decoder = owned.add(ImageDecoder.into(tensor, settings.limits(), settings.preprocessing()));
      provenance = model.descriptor().provenance(settings.preprocessing());
      cache = settings.cacheBytes() == 0 ? null : new EmbeddingCache(settings.cacheBytes());
      topClasses =
          model.classes().map(classes -> new TopClasses(checked(classes), settings.topK()));
      runOnPlainImages(1);
      runOnPlainImages(settings.batchSize());
    } catch (Throwable e) {
      throw owned.closeAfter(e);
    }
    listener.modelLoaded(startMillis, read.get(), proven, System.nanoTime() - start);
  }

  private ClassLabels checked(ClassLabels classes) {
    if (classes.labels().size() != dimension()) {
      throw new ModelException(
          "model "
              + provenance.model()
              + " has "
              + classes.labels().size()
              + " labels for "
              + dimension()
              + " classes; needed: a label for each");
    }
    return classes;
  }

  /** What makes the vectors. */
  public Provenance provenance() {
    return provenance;
  }

  /** Length of the vectors. */
  public int dimension() {
    return model.descriptor().dimension();
  }

  /**
   * Answers images.
   *
   * @param count how many there are
   * @param images called for each index from 0 to {@code count - 1}
   * @throws ModelException if the model no longer runs on any image
   */
  public List<Outcome> embed(int count, EncodedImages images) throws IOException {
    Outcome[] outcomes = new Outcome[count];
    for (int from = 0; from < count; from += tensor.capacity()) {
      embedAtOnce(images, outcomes, from, Math.min(count, from + tensor.capacity()));
    }
    for (Outcome outcome : outcomes) {
      listener.answered(outcome);
    }
    return Arrays.asList(outcomes);
  }

  /** Images that were given up because they took too long, and whose decoder is still busy. */
  @Internal
  public int inBackground() {
    return decoder.stuck();
  }

  private void embedAtOnce(EncodedImages images, Outcome[] outcomes, int from, int to)
      throws IOException {
    tensor.clear();
    ImageInfo[] infos = new ImageInfo[to - from];
    int[] places = new int[to - from];
    Repeats repeats = cache == null ? null : new Repeats(outcomes);
    Waiting waiting = new Waiting();
    for (int i = from; i < to; i++) {
      try {
        byte[] encoded = images.image(i);
        if (repeats == null || !repeats.contain(encoded, i)) {
          waiting.add(encoded, i);
        }
      } catch (ElementRefusedException e) {
        outcomes[i] = new Refusal(Refusal.Stage.WIRE, e.code(), e.getMessage());
      }
      if (waiting.bytes >= MOST_BYTES_WAITING || i == to - 1) {
        decode(waiting, outcomes, infos, places);
      }
    }
    if (tensor.count() > 0) {
      float[][] vectors = new float[tensor.count()][];
      Refusal[] refusals = new Refusal[tensor.count()];
      infer(tensor, vectors, refusals, 0);
      for (int i = 0; i < vectors.length; i++) {
        outcomes[places[i]] = refusals[i] != null ? refusals[i] : checked(vectors[i], infos[i]);
      }
    }
    if (repeats != null) {
      repeats.answer();
    }
  }

  /** Encoded images that wait to be decoded together. */
  private static final class Waiting {
    private final List<byte[]> images = new ArrayList<>();
    private final List<Integer> places = new ArrayList<>();
    private long bytes;

    void add(byte[] encoded, int place) {
      images.add(encoded);
      places.add(place);
      bytes += encoded.length;
    }

    void clear() {
      images.clear();
      places.clear();
      bytes = 0;
    }
  }

  private void decode(Waiting waiting, Outcome[] outcomes, ImageInfo[] infos, int[] places) {
    int inTensor = tensor.count();
    List<Decoded> answers = decoder.decode(waiting.images, tensor);
    for (int i = 0; i < answers.size(); i++) {
      Decoded decoded = answers.get(i);
      int place = waiting.places.get(i);
      UndecodableImageException refusal = decoded.refusal();
      if (refusal == null) {
        listener.decoded(decoded.nanos());
        infos[inTensor] = decoded.info();
        places[inTensor++] = place;
        continue;
      }
      if (refusal.tookTooLong()) {
        listener.gaveUp();
      }
      outcomes[place] =
          new Refusal(Refusal.Stage.IMAGE, refusal.fault().name(), refusal.getMessage());
    }
    waiting.clear();
  }

  /** Images of a batch that came before, in an earlier batch or in this one. */
  private final class Repeats {
    private final Outcome[] outcomes;
    private final Map<ByteBuffer, Integer> first = new HashMap<>();
    private final Map<Integer, Integer> repeated = new HashMap<>();

    Repeats(Outcome[] outcomes) {
      this.outcomes = outcomes;
    }

    /** Whether the image is one; if the answer is known it is given. */
    boolean contain(byte[] encoded, int place) {
      ByteBuffer key = EmbeddingCache.key(encoded);
      Embedding known = cache.get(key);
      Integer before = known == null ? first.putIfAbsent(key, place) : null;
      if (known != null) {
        outcomes[place] = known;
      } else if (before != null) {
        repeated.put(place, before);
      }
      boolean repeat = known != null || before != null;
      listener.lookedUp(repeat);
      return repeat;
    }

    /** Answers what was repeated within the batch, and keeps what is new. */
    void answer() {
      repeated.forEach((place, before) -> outcomes[place] = outcomes[before]);
      first.forEach(
          (key, place) -> {
            if (outcomes[place] instanceof Embedding embedding) {
              cache.put(key, embedding);
            }
          });
      listener.cached(cache.entries(), cache.bytes());
    }
  }

  /** Runs the model, halving the batch as long as it fails; answers from {@code first} on. */
  private void infer(ImageTensor batch, float[][] vectors, Refusal[] refusals, int first) {
    int count = batch.count();
    try {
      long start = System.nanoTime();
      float[][] result = model.embed(batch);
      listener.inferred(System.nanoTime() - start);
      if (result.length != count) {
        throw new ModelException(
            "model " + provenance.model() + " gave " + result.length + " vectors for " + count);
      }
      System.arraycopy(result, 0, vectors, first, count);
    } catch (ModelException e) {
      LOG.warn("model failed on a batch of {}: {}", count, Printable.line(e.getMessage()));
      if (count == 1) {
        runOnPlainImages(1);
        refusals[first] = new Refusal(Refusal.Stage.MODEL, Refusal.MODEL_FAILED, e.getMessage());
        return;
      }
      try (ImageTensor left = batch.copyOfRange(0, count / 2);
          ImageTensor right = batch.copyOfRange(count / 2, count)) {
        infer(left, vectors, refusals, first);
        infer(right, vectors, refusals, first + count / 2);
      }
    }
  }

  private Outcome checked(float[] vector, ImageInfo info) {
    if (vector.length != dimension()) {
      return new Refusal(
          Refusal.Stage.VECTOR,
          Refusal.WRONG_LENGTH,
          "the vector has " + vector.length + " features, the model " + dimension());
    }
    for (int i = 0; i < vector.length; i++) {
      if (!Float.isFinite(vector[i])) {
        return new Refusal(
            Refusal.Stage.VECTOR, Refusal.NOT_FINITE, "feature " + i + " is " + vector[i]);
      }
    }
    List<ClassScore> scores = topClasses.map(top -> top.of(vector)).orElse(List.of());
    return new Embedding(vector, info, provenance, scores);
  }

  private void runOnPlainImages(int count) {
    try (ImageTensor plain = model.newInput(count)) {
      float[] pixels = new float[tensor.size() * tensor.size() * 3];
      Arrays.fill(pixels, 0.5f);
      for (int i = 0; i < count; i++) {
        plain.append(pixels);
      }
      model.embed(plain);
    }
  }

  @Override
  public void close() {
    owned.close();
  }
}
