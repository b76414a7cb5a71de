// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.optimize;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Stream;

/** What the processor has, by the flags that Linux names in {@code /proc/cpuinfo}. */
final class ProcessorFeatures {
  private static final Path FILE = Path.of("/proc/cpuinfo");
  private static final Set<String> BFLOAT16 = Set.of("amx_bf16", "avx512_bf16");

  private ProcessorFeatures() {}

  /** Whether it multiplies bfloat16; false where that is not known. */
  static boolean hasBfloat16() {
    try (Stream<String> lines = Files.lines(FILE)) {
      return lines
          .filter(line -> line.startsWith("flags"))
          .findFirst()
          .map(ProcessorFeatures::hasBfloat16)
          .orElse(false);
    } catch (IOException e) {
      return false;
    }
  }

  static boolean hasBfloat16(String flags) {
    return Arrays.stream(flags.split("\\s+")).anyMatch(BFLOAT16::contains);
  }
}
