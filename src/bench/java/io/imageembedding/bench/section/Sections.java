// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.section;

import java.util.List;

/** All of them, in the order in which they run. */
public final class Sections {
  public static final List<Section> ALL =
      List.of(
          new InferSection(),
          new DecodeSection(),
          new CodecSection(),
          new EndToEndSection(),
          new LatencySection(),
          new ScalingSection(),
          new AllocationSection(),
          new StartSection());

  private Sections() {}
}
