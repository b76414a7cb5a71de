// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import static org.apache.flink.configuration.ConfigOptions.key;

import io.imageembedding.batch.BatchPolicy;
import io.imageembedding.image.DecodeLimits;
import io.imageembedding.image.InputRange;
import io.imageembedding.image.Preprocessing;
import io.imageembedding.image.Preprocessing.JpegDecoding;
import io.imageembedding.image.Preprocessing.Orientation;
import io.imageembedding.model.ModelOutput;
import io.imageembedding.model.ModelSource;
import io.imageembedding.model.Precision;
import java.time.Duration;
import java.util.List;
import org.apache.flink.annotation.PublicEvolving;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.ReadableConfig;

/** Options of the operator, and what they say in one configuration. */
@PublicEvolving
public final class EmbedOptions {

  public static final ConfigOption<String> MODEL =
      key("image-embedding.model")
          .stringType()
          .defaultValue("builtin")
          .withDescription("Where the model is: " + ModelSource.FORMS + ".");

  public static final ConfigOption<String> MODEL_SIGNATURE =
      key("image-embedding.model.signature")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "Signature of a SavedModel to be run. Not set: the only one that takes images and"
                  + " gives vectors.");

  public static final ConfigOption<String> MODEL_INPUT_NAME =
      key("image-embedding.model.input-name")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "Input of the signature, or tensor of a frozen graph, that takes the images. Not set:"
                  + " the only fitting one.");

  public static final ConfigOption<String> MODEL_OUTPUT_NAME =
      key("image-embedding.model.output-name")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "Output of the signature, or tensor of a frozen graph, that gives the vectors. Not"
                  + " set: the only fitting one.");

  public static final ConfigOption<Integer> MODEL_INPUT_SIZE =
      key("image-embedding.model.input-size")
          .intType()
          .noDefaultValue()
          .withDescription(
              "Width and height in pixels of the images that the model takes, for a model that"
                  + " does not say it itself.");

  public static final ConfigOption<String> MODEL_INPUT_RANGE =
      key("image-embedding.model.input-range")
          .stringType()
          .defaultValue(InputRange.UNIT.text())
          .withDescription(
              "Numbers that the model takes for colours, part of the vector space: "
                  + InputRange.FORMS
                  + ". A model that takes uint8 gets 0..255 by itself.");

  public static final ConfigOption<ModelOutput> MODEL_OUTPUT =
      key("image-embedding.model.output")
          .enumType(ModelOutput.class)
          .noDefaultValue()
          .withDescription(
              "What is taken of a model that has both: 'features' (what its global pooling gives,"
                  + " without any layer behind it) or 'logits' (its classifier's scores, before a"
                  + " softmax). Not set: what the model gives; of a TF-Slim checkpoint features.");

  public static final ConfigOption<String> MODEL_LABELS =
      key("image-embedding.model.labels")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "File with the names of a classifier's classes, UTF-8, one a line, in the classes'"
                  + " order. Read where the job is built; tasks do not need it.");

  public static final ConfigOption<String> MODEL_SHA256 =
      key("image-embedding.model.sha256")
          .stringType()
          .noDefaultValue()
          .withDescription("SHA-256 that the model must have; any other is refused.");

  public static final ConfigOption<List<String>> MODEL_ALLOW_OPERATIONS =
      key("image-embedding.model.allow-operations")
          .stringType()
          .asList()
          .noDefaultValue()
          .withDescription(
              "TensorFlow operations that the model may use although they are refused otherwise,"
                  + " by name, separated by semicolons; branches and loops (If, While and others) are"
                  + " among them. Dangerous: an operation can read and write files, never end, and run"
                  + " code with the rights of the task; only for a model that you made yourself.");

  public static final ConfigOption<Precision> MODEL_PRECISION =
      key("image-embedding.model.precision")
          .enumType(Precision.class)
          .defaultValue(Precision.FP32)
          .withDescription(
              "Arithmetic of the network, part of the vector space: 'fp32'; 'bf16' (bfloat16 with"
                  + " corrected biases, only for MobileNetV2; cosine to fp32 at least 0.999 on probe"
                  + " images with the texture of photos and 0.98 on plain colours and drawings, or"
                  + " the model is refused; measured 1.7 times as fast as fp32 on AMD Zen 4 with AVX-512"
                  + " BF16, 0.64 times on an Intel Xeon with AVX-512 BF16 but no AMX in sight, and"
                  + " never faster on a processor without bfloat16); or 'auto' (bf16 where the"
                  + " processor has it and it is measured to be faster when the job is built; a restored job keeps what it had).");

  public static final ConfigOption<Integer> SCORES_TOP_K =
      key("image-embedding.scores.top-k")
          .intType()
          .defaultValue(5)
          .withDescription(
              "Most classes, likeliest first, whose scores stand beside the vector of a"
                  + " classifier.");

  public static final ConfigOption<Integer> BATCH_MAX_COUNT =
      key("image-embedding.batch.max-count")
          .intType()
          .defaultValue(BatchPolicy.DEFAULT.maxCount())
          .withDescription("Most images in a micro-batch.");

  public static final ConfigOption<MemorySize> BATCH_MAX_BYTES =
      key("image-embedding.batch.max-bytes")
          .memoryType()
          .defaultValue(new MemorySize(BatchPolicy.DEFAULT.maxBytes()))
          .withDescription("Most encoded bytes in a micro-batch; a larger image goes alone.");

  public static final ConfigOption<Duration> BATCH_MAX_AGE =
      key("image-embedding.batch.max-age")
          .durationType()
          .defaultValue(BatchPolicy.DEFAULT.maxAge())
          .withDescription("Longest time that an image waits for others to share its micro-batch.");

  public static final ConfigOption<Duration> BATCH_LATENCY_BUDGET =
      key("image-embedding.batch.latency-budget")
          .durationType()
          .noDefaultValue()
          .withDescription(
              "Time that an image should take at most as long as the job keeps up. If it is set, a"
                  + " batch is closed as soon as no further image is at hand; it has as few images as"
                  + " are about as fast for each of them as more would be, and at most as many as let"
                  + " two batches in a row take no longer, by the times that earlier ones took. Images"
                  + " do not wait for others, whatever max-age says, and embeddings are sent at once. A"
                  + " vector store's batches take half of it.");

  public static final ConfigOption<MemorySize> CACHE_SIZE =
      key("image-embedding.cache.size")
          .memoryType()
          .defaultValue(MemorySize.ZERO)
          .withDescription(
              "Heap of each slot for answers to images that came before, found by the SHA-256 of"
                  + " their bytes; those longest unused go first. An answer takes about 5 kb. 0: no"
                  + " cache.");

  public static final ConfigOption<Boolean> UNORDERED =
      key("image-embedding.unordered")
          .booleanType()
          .defaultValue(false)
          .withDescription(
              "Whether images are spread over all slots, whatever partition they came from, each to"
                  + " the one that has the least waiting for it. Slots beyond the number of"
                  + " partitions then have something to do, and a slow one does not hold its"
                  + " partition. Order is given up, within a partition, too; what is written keeps"
                  + " its key, its source's offset and its guarantee, and a vector store has the"
                  + " newest version all the same. A compacted output topic is refused, as it would"
                  + " keep what was written last. A savepoint of either is gone on from as the"
                  + " other.");

  private static final Duration LONGEST_IMAGE_TIME = Duration.ofHours(1);

  public static final ConfigOption<MemorySize> IMAGE_MAX_BYTES =
      key("image-embedding.image.max-bytes")
          .memoryType()
          .defaultValue(new MemorySize(DecodeLimits.DEFAULT.maxBytes()))
          .withDescription("Largest encoded image; larger ones are refused as TOO_LARGE.");

  public static final ConfigOption<Integer> IMAGE_MAX_WIDTH =
      key("image-embedding.image.max-width")
          .intType()
          .defaultValue(DecodeLimits.DEFAULT.maxWidth())
          .withDescription("Largest width in pixels that an image may declare.");

  public static final ConfigOption<Integer> IMAGE_MAX_HEIGHT =
      key("image-embedding.image.max-height")
          .intType()
          .defaultValue(DecodeLimits.DEFAULT.maxHeight())
          .withDescription("Largest height in pixels that an image may declare.");

  public static final ConfigOption<Long> IMAGE_MAX_PIXELS =
      key("image-embedding.image.max-pixels")
          .longType()
          .defaultValue(DecodeLimits.DEFAULT.maxPixels())
          .withDescription("Most pixels (width times height) that an image may declare.");

  public static final ConfigOption<Integer> IMAGE_MAX_FRAMES =
      key("image-embedding.image.max-frames")
          .intType()
          .defaultValue(DecodeLimits.DEFAULT.maxFrames())
          .withDescription("Most frames or pages of an image; only the first is embedded.");

  public static final ConfigOption<Duration> IMAGE_MAX_TIME =
      key("image-embedding.image.max-time")
          .durationType()
          .defaultValue(DecodeLimits.DEFAULT.maxTime())
          .withDescription(
              "Longest time that an image may take to be decoded; one that takes longer is refused"
                  + " as TOO_LARGE. Native code cannot be interrupted: it goes on in a thread of its"
                  + " own. While a task has four of those, images of their formats wait as long once"
                  + " more and are then refused as DECODER_BUSY, while it has five all are.");

  public static final ConfigOption<Orientation> IMAGE_ORIENTATION =
      key("image-embedding.image.orientation")
          .enumType(Orientation.class)
          .defaultValue(Orientation.IGNORE)
          .withDescription(
              "What happens to photos whose EXIF data says that they have to be turned: 'ignore'"
                  + " embeds pixels as stored, as the model's own pipeline does; 'apply' turns them"
                  + " first: choose it for photos straight from cameras and telephones, unless the"
                  + " vectors have to be compared with others that were made without.");

  public static final ConfigOption<JpegDecoding> IMAGE_JPEG_DECODING =
      key("image-embedding.image.jpeg-decoding")
          .enumType(JpegDecoding.class)
          .defaultValue(JpegDecoding.EXACT)
          .withDescription(
              "How large JPEGs are decoded: 'exact', every pixel, as the model's own pipeline does;"
                  + " or 'scaled', at a half, a quarter or an eighth as long as the shorter side"
                  + " keeps twice the model's pixels: another vector space, with a cosine of 0.95 and"
                  + " more to the exact one, and twice as fast to decode at 12 megapixels.");

  private static final String WHOLE = "a whole number from ";
  private static final String UP_TO_AN_HOUR = "a duration from 1 ms to 1 h";
  private static final MemorySize MOST_CACHED = MemorySize.ofMebiBytes(1 << 20);

  private EmbedOptions() {}

  /** Every option of the operator, in the order of the documentation. */
  public static List<ConfigOption<?>> all() {
    return List.of(
        MODEL,
        MODEL_SIGNATURE,
        MODEL_INPUT_NAME,
        MODEL_OUTPUT_NAME,
        MODEL_INPUT_SIZE,
        MODEL_INPUT_RANGE,
        MODEL_OUTPUT,
        MODEL_LABELS,
        MODEL_SHA256,
        MODEL_ALLOW_OPERATIONS,
        MODEL_PRECISION,
        SCORES_TOP_K,
        BATCH_MAX_COUNT,
        BATCH_MAX_BYTES,
        BATCH_MAX_AGE,
        BATCH_LATENCY_BUDGET,
        CACHE_SIZE,
        UNORDERED,
        IMAGE_MAX_BYTES,
        IMAGE_MAX_WIDTH,
        IMAGE_MAX_HEIGHT,
        IMAGE_MAX_PIXELS,
        IMAGE_MAX_FRAMES,
        IMAGE_MAX_TIME,
        IMAGE_ORIENTATION,
        IMAGE_JPEG_DECODING,
        FenceOptions.DIR,
        GuardOptions.REFUSED_SHARE,
        GuardOptions.WINDOW,
        GuardOptions.UNCOUNTED_CODES);
  }

  /**
   * The model, and what to take of it. The file of labels is read here.
   *
   * @throws InvalidOptionException if a choice cannot be one
   * @throws io.imageembedding.model.ModelException if no model is named, or the file of labels
   *     cannot be used
   */
  public static ModelSource model(ReadableConfig config) {
    return ModelReading.model(config);
  }

  /**
   * Most classes that an embedding has scores of.
   *
   * @throws InvalidOptionException if the number is out of range
   */
  public static int topK(ReadableConfig config) {
    return whole(config, SCORES_TOP_K, 1000);
  }

  /**
   * @throws InvalidOptionException if a limit is out of range
   */
  public static BatchPolicy batchPolicy(ReadableConfig config) {
    return new BatchPolicy(
        whole(config, BATCH_MAX_COUNT, 1024),
        size(config, BATCH_MAX_BYTES),
        Options.get(config, BATCH_MAX_AGE, EmbedOptions::isUpToAnHour, UP_TO_AN_HOUR),
        Options.optional(config, BATCH_LATENCY_BUDGET, EmbedOptions::isUpToAnHour, UP_TO_AN_HOUR));
  }

  private static boolean isUpToAnHour(Duration duration) {
    return duration.toMillis() >= 1 && duration.compareTo(Duration.ofHours(1)) <= 0;
  }

  /**
   * Whether images are spread over all slots.
   *
   * @throws InvalidOptionException if it is neither true nor false
   */
  public static boolean isUnordered(ReadableConfig config) {
    return Options.get(config, UNORDERED, any -> true, "true or false");
  }

  /**
   * Bytes of heap for answers that are kept; 0 for none.
   *
   * @throws InvalidOptionException if it is out of range
   */
  public static long cacheBytes(ReadableConfig config) {
    return Options.get(
            config,
            CACHE_SIZE,
            size -> size.getBytes() <= MOST_CACHED.getBytes(),
            "a size up to " + MOST_CACHED)
        .getBytes();
  }

  /**
   * @throws InvalidOptionException if a limit is out of range
   */
  public static DecodeLimits decodeLimits(ReadableConfig config) {
    return new DecodeLimits(
        size(config, IMAGE_MAX_BYTES),
        whole(config, IMAGE_MAX_WIDTH, 65_535),
        whole(config, IMAGE_MAX_HEIGHT, 65_535),
        Options.get(
            config,
            IMAGE_MAX_PIXELS,
            pixels -> pixels >= 1 && pixels <= 500_000_000L,
            WHOLE + "1 to 500000000"),
        whole(config, IMAGE_MAX_FRAMES, Integer.MAX_VALUE),
        Options.get(
            config,
            IMAGE_MAX_TIME,
            time -> time.toMillis() >= 1 && time.compareTo(LONGEST_IMAGE_TIME) <= 0,
            "a duration from 1 ms to 1 h"));
  }

  /**
   * @throws InvalidOptionException if there is no such orientation
   */
  public static Preprocessing preprocessing(ReadableConfig config) {
    return new Preprocessing(
        Options.get(config, IMAGE_ORIENTATION, orientation -> true, "ignore or apply"),
        Options.get(config, IMAGE_JPEG_DECODING, decoding -> true, "exact or scaled"));
  }

  private static int whole(ReadableConfig config, ConfigOption<Integer> option, int most) {
    return Options.get(
        config, option, value -> value >= 1 && value <= most, WHOLE + "1 to " + most);
  }

  private static long size(ReadableConfig config, ConfigOption<MemorySize> option) {
    return Options.get(
            config,
            option,
            size -> size.getBytes() >= 1 && size.getBytes() <= 1L << 30,
            "a size from 1 byte to 1 gb")
        .getBytes();
  }
}
