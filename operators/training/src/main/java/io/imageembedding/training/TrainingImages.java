// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.training;

import io.imageembedding.image.DecodeLimits;
import io.imageembedding.image.ImageDecoder;
import io.imageembedding.image.ImageTensor;
import io.imageembedding.image.Preprocessing;
import io.imageembedding.image.UndecodableImageException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * The readable images of a folder with a folder for each class.
 *
 * @param labels names of the classes, sorted
 * @param training images to learn from
 * @param validation images to measure on
 * @param skipped images that cannot be read, each with the reason
 */
record TrainingImages(
    List<String> labels,
    List<LabelledImage> training,
    List<LabelledImage> validation,
    List<String> skipped) {

  /** Of a folder's images, how many may be broken: one in so many. */
  private static final int BROKEN_SHARE = 10;

  /** An image of the class with that number. */
  record LabelledImage(Path file, int label) {

    /** Its name with that of its class: where it is below the folder of images. */
    String name() {
      return TrainingImages.name(file.getParent()) + '/' + TrainingImages.name(file);
    }
  }

  /**
   * Reads every image once, to see that it can be.
   *
   * @param size that images are resized to
   * @param progress is told how many have been read, of how many
   * @throws FineTuneException if a class has a name that cannot be a label or no readable image, or
   *     too many are broken
   */
  static TrainingImages read(
      Path folder, int size, FineTuneOptions options, BiConsumer<Integer, Integer> progress) {
    List<Path> classes =
        list(folder).stream().filter(Files::isDirectory).filter(TrainingImages::isVisible).toList();
    if (classes.size() < 2) {
      throw new FineTuneException(
          folder
              + " has "
              + (classes.isEmpty() ? "no folders" : "one folder only")
              + "; needed: a folder of images for each of two or more classes");
    }
    classes.forEach(TrainingImages::requireText);
    List<List<Path>> files = new ArrayList<>();
    int count = 0;
    for (Path folderOfClass : classes) {
      files.add(
          list(folderOfClass).stream()
              .filter(Files::isRegularFile)
              .filter(TrainingImages::isVisible)
              .toList());
      count += files.get(files.size() - 1).size();
    }
    TrainingImages images =
        new TrainingImages(
            classes.stream().map(TrainingImages::name).toList(),
            new ArrayList<>(),
            new ArrayList<>(),
            new ArrayList<>());
    int read = 0;
    try (ImageDecoder decoder = newDecoder();
        ImageTensor tensor = new ImageTensor(size, 1)) {
      for (int label = 0; label < classes.size(); label++) {
        List<LabelledImage> readable = new ArrayList<>();
        for (Path file : files.get(label)) {
          tensor.clear();
          String fault = fault(decoder, file, tensor);
          if (fault == null) {
            readable.add(new LabelledImage(file, label));
          } else {
            images.skipped.add(folder.relativize(file) + ": " + fault);
          }
          progress.accept(++read, count);
        }
        if (readable.isEmpty()) {
          throw new FineTuneException(
              "class folder " + classes.get(label) + " has no readable image");
        }
        images.split(readable, options);
      }
    }
    if (images.skipped.size() * BROKEN_SHARE > count) {
      throw new FineTuneException(
          images.skipped.size()
              + " of "
              + count
              + " images below "
              + folder
              + " cannot be read, more than one in ten; the first is "
              + images.skipped.get(0));
    }
    return images;
  }

  static ImageDecoder newDecoder() {
    return new ImageDecoder(DecodeLimits.DEFAULT, Preprocessing.REFERENCE);
  }

  private static String fault(ImageDecoder decoder, Path file, ImageTensor into) {
    try {
      decoder.decode(Files.readAllBytes(file), into);
      return null;
    } catch (UndecodableImageException e) {
      return e.getMessage();
    } catch (IOException e) {
      return "the file cannot be read";
    }
  }

  private static List<Path> list(Path folder) {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.sorted().toList();
    } catch (IOException e) {
      throw new FineTuneException("folder " + folder + " cannot be read", e);
    }
  }

  /** The name becomes a label, of which a file has one a line. */
  private static void requireText(Path folderOfClass) {
    String name = name(folderOfClass);
    if (!leadsTo(name, folderOfClass) || name.chars().anyMatch(Character::isISOControl)) {
      throw new FineTuneException(
          "class folder "
              + folderOfClass.toUri()
              + " cannot be a label: its name is no text in the encoding of file names, "
              + System.getProperty("sun.jnu.encoding")
              + ", or has control characters");
    }
  }

  private static boolean leadsTo(String name, Path folder) {
    try {
      return folder.resolveSibling(name).equals(folder);
    } catch (InvalidPathException e) {
      return false;
    }
  }

  private static String name(Path file) {
    return String.valueOf(file.getFileName());
  }

  private static boolean isVisible(Path file) {
    return !name(file).startsWith(".");
  }

  /**
   * By name, so that an image stays on its side when others come or go; but every class has at
   * least one image to learn from.
   */
  private void split(List<LabelledImage> readable, FineTuneOptions options) {
    List<LabelledImage> byDraw = new ArrayList<>(readable);
    byDraw.sort(
        Comparator.comparingDouble((LabelledImage image) -> draw(image, options.seed()))
            .reversed());
    training.add(byDraw.get(0));
    for (LabelledImage image : byDraw.subList(1, byDraw.size())) {
      (draw(image, options.seed()) < options.validationSplit() ? validation : training).add(image);
    }
  }

  /** From 0 to below 1, by the image's name and that of its class. */
  private static double draw(LabelledImage image, long seed) {
    byte[] digest = DigestUtils.sha256(seed + " " + image.name());
    return (ByteBuffer.wrap(digest).getLong() >>> 11) * 0x1p-53;
  }

  /** Images to measure on: those that were held back, or all if none were. */
  List<LabelledImage> measured() {
    return validation.isEmpty() ? training : validation;
  }
}
