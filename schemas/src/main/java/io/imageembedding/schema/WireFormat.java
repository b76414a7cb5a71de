// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import io.imageembedding.annotation.PublicEvolving;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;

/**
 * How a record is written into the value of a message. What there is, is here once: texts that name
 * wire formats are made of this list.
 */
@NullMarked
@PublicEvolving
public enum WireFormat {
  /** Avro single-object encoding: C3 01, fingerprint of the writer's schema, the record. */
  AVRO("ImageRecord, Avro single-object encoding", new AvroCodec(new SingleObjectFraming())),
  /** The framing of Confluent's schema registry: 0, id of the writer's schema, the record. */
  CONFLUENT_AVRO("ImageRecord, schema registry framing", new AvroCodec(new RegistryFraming())),
  /** The value is the image file itself, the key is the id. */
  RAW("the value is the image file itself, the key its id", new RawCodec()),
  /** One JSON object. */
  JSON("one JSON object", new JsonCodec());

  private final String words;
  private final WireCodec codec;

  WireFormat(String words, WireCodec codec) {
    this.words = words;
    this.codec = codec;
  }

  /** Name in options: lower case with hyphens. */
  public String key() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** What it is, in a few words. */
  public String words() {
    return words;
  }

  /** Whether image records can be read in it. */
  public boolean isInput() {
    return codec instanceof WireCodec.Input;
  }

  /** Whether embeddings and dead letters can be written in it. */
  public boolean isOutput() {
    return codec instanceof WireCodec.Output;
  }

  /** Whether it needs a schema registry. */
  public boolean needsRegistry() {
    return codec.needsRegistry();
  }

  /** The formats that can be read. */
  public static List<WireFormat> inputs() {
    return those(WireFormat::isInput);
  }

  /** The formats that can be written. */
  public static List<WireFormat> outputs() {
    return those(WireFormat::isOutput);
  }

  /** The formats that need a schema registry. */
  public static List<WireFormat> ofRegistry() {
    return those(WireFormat::needsRegistry);
  }

  private static List<WireFormat> those(Predicate<WireFormat> which) {
    return Arrays.stream(values()).filter(which).toList();
  }

  /** Their keys, with commas between them. */
  public static String keys(List<WireFormat> formats) {
    return String.join(", ", formats.stream().map(WireFormat::key).toList());
  }

  /**
   * The format with that {@link #key()}.
   *
   * @throws IllegalArgumentException naming the keys there are
   */
  public static WireFormat parse(String key) {
    return Arrays.stream(values())
        .filter(format -> format.key().equals(key))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "wire format '"
                        + key
                        + "' is not allowed; allowed: "
                        + keys(List.of(values()))));
  }

  /** About how many bytes an embedding takes, with room for id and names. */
  public int bytesOfAnEmbedding(int dimension) {
    return dimension * output("embeddings").bytesOfAFeature() + 2048;
  }

  /**
   * @throws IllegalArgumentException if no images are read in it, or it lacks its registry
   */
  WireCodec.Input input(@Nullable SchemaRegistry registry) {
    if (!(codec instanceof WireCodec.Input input)) {
      throw new IllegalArgumentException("wire format " + key() + " is not for input");
    }
    require(registry);
    return input;
  }

  /**
   * @throws IllegalArgumentException if they are not written in it, or it lacks its registry
   */
  WireCodec.Output output(String records, @Nullable SchemaRegistry registry) {
    WireCodec.Output output = output(records);
    require(registry);
    return output;
  }

  private WireCodec.Output output(String records) {
    if (codec instanceof WireCodec.Output output) {
      return output;
    }
    throw new IllegalArgumentException(records + " are not written in wire format " + key());
  }

  /**
   * @throws IllegalArgumentException if it is not Avro, or lacks its registry
   */
  Framing framing(@Nullable SchemaRegistry registry) {
    if (!(codec instanceof AvroCodec avro)) {
      throw new IllegalArgumentException("wire format " + key() + " is not Avro");
    }
    require(registry);
    return avro.framing();
  }

  private void require(@Nullable SchemaRegistry registry) {
    if (needsRegistry() && registry == null) {
      throw new IllegalArgumentException("wire format " + key() + " needs a schema registry");
    }
  }
}
