// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.graph;

import io.imageembedding.annotation.Internal;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Enumeration;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * An array of numbers from a file in NumPy's format 1.0 ({@code .npy}), or from an archive of such
 * files ({@code .npz}): little-endian float32 or float64, row-major.
 *
 * @param shape of the array
 * @param values all of them, row by row
 */
@Internal
public record Npy(int[] shape, double[] values) {
  private static final int MAX_ARRAY = Integer.MAX_VALUE - 16;
  private static final Pattern DESCR = Pattern.compile("'descr':\\s*'([^']+)'");
  private static final Pattern SHAPE = Pattern.compile("'shape':\\s*\\(([^)]*)\\)");

  public static Npy read(Path file) throws IOException {
    return parse(Files.readAllBytes(file));
  }

  /** Every array of an archive, by its name without {@code .npy}. */
  public static Map<String, Npy> readArchive(Path file) throws IOException {
    return read(file, name -> true, Integer.MAX_VALUE);
  }

  /**
   * Arrays of an archive that is not trusted; others in it are not unpacked.
   *
   * @param names of the arrays
   * @param maxBytes most bytes that they may have together
   */
  public static Map<String, Npy> readArchive(Path file, Set<String> names, long maxBytes)
      throws IOException {
    return read(file, names::contains, maxBytes);
  }

  private static Map<String, Npy> read(Path file, Predicate<String> wanted, long maxBytes)
      throws IOException {
    Map<String, Npy> arrays = new TreeMap<>();
    long left = maxBytes;
    try (ZipFile zip = new ZipFile(file.toFile())) {
      Enumeration<? extends ZipEntry> entries = zip.entries();
      while (entries.hasMoreElements()) {
        ZipEntry entry = entries.nextElement();
        String name = entry.getName().replaceFirst("\\.npy$", "");
        if (!wanted.test(name)) {
          continue;
        }
        byte[] bytes = zip.getInputStream(entry).readNBytes((int) Math.min(left, MAX_ARRAY) + 1);
        left -= bytes.length;
        if (left < 0) {
          throw new IOException("its arrays have more than " + maxBytes + " bytes");
        }
        arrays.put(name, parse(bytes));
      }
    }
    return arrays;
  }

  /** The array in the bytes of a file. */
  public static Npy parse(byte[] file) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    if (bytes.get(0) != (byte) 0x93 || bytes.get(6) != 1) {
      throw new IOException("not NumPy's format 1.0");
    }
    int headerLength = bytes.getShort(8) & 0xffff;
    String header = new String(file, 10, headerLength, StandardCharsets.US_ASCII);
    int[] shape =
        Arrays.stream(group(SHAPE, header).split(","))
            .map(String::strip)
            .filter(dimension -> !dimension.isEmpty())
            .mapToInt(Integer::parseInt)
            .toArray();
    bytes.position(10 + headerLength);
    String type = group(DESCR, header);
    int elements = Arrays.stream(shape).reduce(1, Math::multiplyExact);
    if (elements < 0 || (type.equals("<f8") ? 8L : 4L) * elements > bytes.remaining()) {
      throw new IOException("an array is shorter than its shape says");
    }
    double[] values = new double[elements];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (type) {
            case "<f4" -> bytes.getFloat();
            case "<f8" -> bytes.getDouble();
            default -> throw new IOException("arrays of type " + type + " are not read");
          };
    }
    return new Npy(shape, values);
  }

  private static String group(Pattern pattern, String header) throws IOException {
    Matcher matcher = pattern.matcher(header);
    if (!matcher.find() || header.contains("'fortran_order': True")) {
      throw new IOException("not a header that is read here: " + header);
    }
    return matcher.group(1);
  }

  /** One row of a two-dimensional array. */
  public double[] row(int index) {
    return Arrays.copyOfRange(values, index * shape[1], (index + 1) * shape[1]);
  }

  /** Largest difference to the values, which must be as many. */
  public static double maxAbsDifference(double[] expected, float[] actual) {
    if (expected.length != actual.length) {
      throw new AssertionError(actual.length + " values instead of " + expected.length);
    }
    double most = 0;
    for (int i = 0; i < expected.length; i++) {
      most = Math.max(most, Math.abs(expected[i] - actual[i]));
    }
    return most;
  }
}
