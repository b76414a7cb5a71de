// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.embed;

import static org.apache.flink.configuration.ConfigOptions.key;

import io.imageembedding.batch.BatchPolicy;
import io.imageembedding.image.DecodeLimits;
import io.imageembedding.image.Preprocessing;
import io.imageembedding.image.Preprocessing.Orientation;
import io.imageembedding.model.ModelSource;
import java.time.Duration;
import java.util.List;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.ReadableConfig;

/** Options of the operator, and what they say in one configuration. */
public final class EmbedOptions {

  public static final ConfigOption<String> MODEL =
      key("image-embedding.model")
          .stringType()
          .defaultValue("builtin")
          .withDescription(
              "Where the model is: 'builtin' (MobileNetV2 1.0 at 224 pixels with the ImageNet"
                  + " weights of the TF-Slim checkpoint mobilenet_v2_1.0_224) or the directory of"
                  + " a SavedModel 2.0, with or without a signature.");

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

  public static final ConfigOption<Orientation> IMAGE_ORIENTATION =
      key("image-embedding.image.orientation")
          .enumType(Orientation.class)
          .defaultValue(Orientation.IGNORE)
          .withDescription(
              "What happens to photos whose EXIF data says that they have to be turned: 'ignore'"
                  + " embeds pixels as stored, as the model's own pipeline does; 'apply' turns them"
                  + " first: choose it for photos straight from cameras and telephones, unless the"
                  + " vectors have to be compared with others that were made without.");

  private static final String WHOLE = "a whole number from 1 to ";

  private EmbedOptions() {}

  /** Every option of the operator, in the order of the documentation. */
  public static List<ConfigOption<?>> all() {
    return List.of(
        MODEL,
        BATCH_MAX_COUNT,
        BATCH_MAX_BYTES,
        BATCH_MAX_AGE,
        IMAGE_MAX_BYTES,
        IMAGE_MAX_WIDTH,
        IMAGE_MAX_HEIGHT,
        IMAGE_MAX_PIXELS,
        IMAGE_MAX_FRAMES,
        IMAGE_ORIENTATION);
  }

  /**
   * @throws InvalidOptionException if it names no model
   */
  public static ModelSource model(ReadableConfig config) {
    return ModelSource.parse(
        Options.get(
            config, MODEL, value -> !value.isBlank(), "builtin or the directory of a SavedModel"));
  }

  /**
   * @throws InvalidOptionException if a limit is out of range
   */
  public static BatchPolicy batchPolicy(ReadableConfig config) {
    return new BatchPolicy(
        whole(config, BATCH_MAX_COUNT, 1024),
        size(config, BATCH_MAX_BYTES),
        Options.get(
            config,
            BATCH_MAX_AGE,
            age -> age.toMillis() >= 1 && age.compareTo(Duration.ofHours(1)) <= 0,
            "a duration from 1 ms to 1 h"));
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
            WHOLE + "500000000"),
        whole(config, IMAGE_MAX_FRAMES, Integer.MAX_VALUE));
  }

  /**
   * @throws InvalidOptionException if there is no such orientation
   */
  public static Preprocessing preprocessing(ReadableConfig config) {
    return new Preprocessing(
        Options.get(config, IMAGE_ORIENTATION, orientation -> true, "ignore or apply"));
  }

  private static int whole(ReadableConfig config, ConfigOption<Integer> option, int most) {
    return Options.get(config, option, value -> value >= 1 && value <= most, WHOLE + most);
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
