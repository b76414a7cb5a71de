// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import io.imageembedding.annotation.PublicEvolving;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The numbers that a model takes for colours: of each channel {@code scale * x + shift}, where x is
 * in [0,1].
 *
 * @param text as it is written in options
 * @param scale of red, green and blue
 * @param shift of red, green and blue
 */
@PublicEvolving
public record InputRange(String text, List<Float> scale, List<Float> shift)
    implements Serializable {

  /** Every kind of text that stands for a range, in words. */
  public static final String FORMS =
      "0..1, -1..1, 0..255, or a mean and a standard deviation of each channel in [0,1], such as"
          + " 'mean 0.485,0.456,0.406 std 0.229,0.224,0.225'";

  /** Colours in [0,1], as they are decoded. */
  public static final InputRange UNIT = of("0..1", 1, 0);

  /** Bytes, as they are stored. */
  public static final InputRange BYTES = of("0..255", 255, 0);

  private static final InputRange CENTRED = of("-1..1", 2, -1);
  private static final long serialVersionUID = 1L;
  private static final String NUMBER = "(-?\\d{1,3}(?:\\.\\d{1,9})?)";
  private static final String NUMBERS = NUMBER + "," + NUMBER + "," + NUMBER;
  private static final Pattern MEAN_AND_STD =
      Pattern.compile("mean " + NUMBERS + " std " + NUMBERS);

  private static InputRange of(String text, float scale, float shift) {
    return new InputRange(text, List.of(scale, scale, scale), List.of(shift, shift, shift));
  }

  /** The range that the text stands for, one of {@link #FORMS}; empty if it is none. */
  public static Optional<InputRange> parse(String text) {
    String plain = text.strip().replaceAll("\\s+", " ").replace(", ", ",");
    for (InputRange known : List.of(UNIT, CENTRED, BYTES)) {
      if (known.text.equals(plain)) {
        return Optional.of(known);
      }
    }
    Matcher matcher = MEAN_AND_STD.matcher(plain);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    Float[] scale = new Float[3];
    Float[] shift = new Float[3];
    for (int c = 0; c < 3; c++) {
      double mean = Double.parseDouble(matcher.group(1 + c));
      double deviation = Double.parseDouble(matcher.group(4 + c));
      if (deviation <= 0) {
        return Optional.empty();
      }
      scale[c] = (float) (1 / deviation);
      shift[c] = (float) (-mean / deviation);
    }
    return Optional.of(new InputRange(plain, Arrays.asList(scale), Arrays.asList(shift)));
  }

  /** A part of {@link Preprocessing#id(InputRange)}; of {@link #UNIT} {@code 0-1}. */
  String id() {
    return text.replace("..", "-").replace(" ", "-");
  }

  @Override
  public String toString() {
    return text;
  }
}
