// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What the figures were measured on, as far as they depend on it. */
public record Machine(String processor, int cores, List<String> features, double gibibytes) {
  private static final Path CPU = Path.of("/proc/cpuinfo");
  private static final Path MEMORY = Path.of("/proc/meminfo");

  /** With either of them bf16 can pay. */
  private static final List<String> BFLOAT16 = List.of("avx512_bf16", "amx_bf16");

  /** Features that change which kernels are run. */
  private static final List<String> FEATURES =
      Stream.concat(Stream.of("avx2", "avx512f", "avx512_vnni", "amx_int8"), BFLOAT16.stream())
          .toList();

  public static Machine read() throws IOException {
    List<String> flags = Arrays.asList(value(CPU, "flags").split(" "));
    return new Machine(
        value(CPU, "model name"),
        Runtime.getRuntime().availableProcessors(),
        FEATURES.stream().filter(flags::contains).toList(),
        Double.parseDouble(value(MEMORY, "MemTotal").replaceAll("\\D", "")) / (1 << 20));
  }

  public boolean hasBfloat16() {
    return features.stream().anyMatch(BFLOAT16::contains);
  }

  private static String value(Path file, String key) throws IOException {
    try (Stream<String> lines = Files.lines(file)) {
      return lines
          .filter(line -> line.startsWith(key))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse("unknown");
    }
  }

  @Override
  public String toString() {
    return "%s, %d cores, %s GiB; features: %s"
        .formatted(
            processor,
            cores,
            Math.round(gibibytes),
            features.isEmpty() ? "none" : features.stream().collect(Collectors.joining(", ")));
  }
}
