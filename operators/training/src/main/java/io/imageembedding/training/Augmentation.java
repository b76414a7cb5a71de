// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.training;

import io.imageembedding.annotation.PublicEvolving;
import io.imageembedding.image.View;
import java.nio.ByteBuffer;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * How training images are shown in another way in each epoch. What becomes of an image is drawn by
 * the seed, its name and the epoch, so a training that is interrupted goes on as it would have; an
 * image that is measured on is never changed. A view is taken of the picture's own pixels while
 * they are resized; what lies beyond its edge has the edge's colours.
 *
 * @param flip whether half of the images are mirrored from left to right
 * @param crop most part of width and height that is cut off, from 0 to 0.9; what stays is anywhere
 * @param rotation most degrees by which an image is turned either way, from 0 to 180
 * @param zoom most part by which it is made larger or smaller, from 0 to 0.9
 */
@PublicEvolving
public record Augmentation(boolean flip, double crop, double rotation, double zoom) {

  /** Images as they are. */
  public static final Augmentation NONE = new Augmentation(false, 0, 0, 0);

  /**
   * @throws FineTuneException naming the first value that is out of range
   */
  public Augmentation {
    FineTuneOptions.require("crop", crop, 0, 0.9);
    FineTuneOptions.require("rotation", rotation, 0, 180);
    FineTuneOptions.require("zoom", zoom, 0, 0.9);
  }

  boolean isNone() {
    return equals(NONE);
  }

  /**
   * How an image is shown.
   *
   * @param name of the image, with its class
   * @param epoch from 1
   */
  View view(long seed, String name, int epoch) {
    byte[] digest = DigestUtils.sha256(seed + " " + epoch + " " + name);
    ByteBuffer draws = ByteBuffer.wrap(digest);
    boolean mirrored = flip && part(draws.getInt()) < 0.5;
    double cut = crop * part(draws.getInt());
    double radians = Math.toRadians(rotation) * (2 * part(draws.getInt()) - 1);
    double zoomed = 1 + zoom * (2 * part(draws.getInt()) - 1);
    double left = cut * part(draws.getInt());
    double top = cut * part(draws.getInt());
    double kept = 1 - cut;
    return new View(left + kept / 2, top + kept / 2, kept * zoomed, radians, mirrored);
  }

  /** From 0 to below 1. */
  private static double part(int draw) {
    return Integer.toUnsignedLong(draw) * 0x1p-32;
  }

  /** In the words of the options. */
  String text() {
    return "flip=" + flip + " crop=" + crop + " rotation=" + rotation + " zoom=" + zoom;
  }
}
