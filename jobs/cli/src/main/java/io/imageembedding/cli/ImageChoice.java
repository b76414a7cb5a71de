// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import io.imageembedding.cli.page.QueryModel;
import io.imageembedding.flink.EmbedOptions;
import io.imageembedding.image.DecodeLimits;
import io.imageembedding.image.Preprocessing;
import io.imageembedding.model.ModelSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/**
 * Options by which a command is told how images are decoded and which are too large: a group in its
 * help. Each stands for one of the job's options, which says what is allowed.
 */
final class ImageChoice {
  static final String HEADING = "The images:%n";
  private static final String ORIENTATION = "--orientation";
  private static final String JPEG_DECODING = "--jpeg-decoding";
  private static final String MAX_BYTES = "--image-max-bytes";
  private static final String MAX_WIDTH = "--image-max-width";
  private static final String MAX_HEIGHT = "--image-max-height";
  private static final String MAX_PIXELS = "--image-max-pixels";
  private static final String MAX_FRAMES = "--image-max-frames";
  private static final String MAX_TIME = "--image-max-time";

  private static final JobOptionNames OF_THE_JOB =
      new JobOptionNames(
          Map.of(
              ORIENTATION, EmbedOptions.IMAGE_ORIENTATION,
              JPEG_DECODING, EmbedOptions.IMAGE_JPEG_DECODING,
              MAX_BYTES, EmbedOptions.IMAGE_MAX_BYTES,
              MAX_WIDTH, EmbedOptions.IMAGE_MAX_WIDTH,
              MAX_HEIGHT, EmbedOptions.IMAGE_MAX_HEIGHT,
              MAX_PIXELS, EmbedOptions.IMAGE_MAX_PIXELS,
              MAX_FRAMES, EmbedOptions.IMAGE_MAX_FRAMES,
              MAX_TIME, EmbedOptions.IMAGE_MAX_TIME));

  @Option(
      names = ORIENTATION,
      paramLabel = "KIND",
      description =
          "EXIF orientation: ignore (default) or apply; where a store is searched, by default as its"
              + " images were.")
  private String orientation;

  @Option(
      names = JPEG_DECODING,
      paramLabel = "KIND",
      description =
          "Large JPEGs: exact (default) or scaled, which is faster and another vector space; where a"
              + " store is searched, by default as its images were.")
  private String jpegDecoding;

  @Option(
      names = MAX_BYTES,
      paramLabel = "SIZE",
      description = "Largest encoded image; default: 64 mb.")
  private String maxBytes;

  @Option(names = MAX_WIDTH, paramLabel = "N", description = "Largest width; default: 32767.")
  private String maxWidth;

  @Option(names = MAX_HEIGHT, paramLabel = "N", description = "Largest height; default: 32767.")
  private String maxHeight;

  @Option(
      names = MAX_PIXELS,
      paramLabel = "N",
      description = "Most pixels, width times height; default: 40000000.")
  private String maxPixels;

  @Option(names = MAX_FRAMES, paramLabel = "N", description = "Most frames; default: 10000.")
  private String maxFrames;

  @Option(
      names = MAX_TIME,
      paramLabel = "TIME",
      description = "Longest time to decode an image; default: '10 s'.")
  private String maxTime;

  /**
   * How images are decoded.
   *
   * @throws ParameterException naming option, value and what is allowed
   */
  Preprocessing preprocessing(CommandSpec command) {
    return OF_THE_JOB.read(command, jobOptions(), EmbedOptions::preprocessing);
  }

  /**
   * Which images are too large.
   *
   * @throws ParameterException naming option, value and what is allowed
   */
  DecodeLimits limits(CommandSpec command) {
    return OF_THE_JOB.read(command, jobOptions(), EmbedOptions::decodeLimits);
  }

  /**
   * What embeds images that are searched for.
   *
   * @throws ParameterException naming option, value and what is allowed
   */
  QueryModel query(CommandSpec command, ModelSource model) {
    return new QueryModel(
        model,
        orientation == null && jpegDecoding == null
            ? Optional.empty()
            : Optional.of(preprocessing(command)),
        limits(command));
  }

  /** The choices as options of the job, as far as they are given. */
  Map<String, String> jobOptions() {
    Map<String, String> options = new LinkedHashMap<>();
    OF_THE_JOB.put(ORIENTATION, orientation, options);
    OF_THE_JOB.put(JPEG_DECODING, jpegDecoding, options);
    OF_THE_JOB.put(MAX_BYTES, maxBytes, options);
    OF_THE_JOB.put(MAX_WIDTH, maxWidth, options);
    OF_THE_JOB.put(MAX_HEIGHT, maxHeight, options);
    OF_THE_JOB.put(MAX_PIXELS, maxPixels, options);
    OF_THE_JOB.put(MAX_FRAMES, maxFrames, options);
    OF_THE_JOB.put(MAX_TIME, maxTime, options);
    return options;
  }
}
