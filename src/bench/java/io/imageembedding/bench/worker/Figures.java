// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.worker;

/** What figures are called that several contenders give, or that more than one reader asks for. */
public final class Figures {
  public static final String IMAGES_PER_SECOND = "images/s";

  /** Greatest difference of a feature from the expected one. */
  public static final String DIFFERENCE = "difference";

  /** Least cosine of a vector to the expected one. */
  public static final String COSINE = "cosine";

  /** Heap that the threads of a loop allocate. */
  public static final String BYTES_PER_IMAGE = "bytes/image";

  /** Heap that Flink's task threads allocate. */
  public static final String TASK_BYTES = "task bytes/s";

  /** Heap that all threads of the process allocate. */
  public static final String ALL_BYTES = "all bytes/s";

  public static final String RESIDENT_MEGABYTES = "resident MB";

  /** What the figures of a profile begin with. */
  public static final String PROFILE = "profile/";

  private Figures() {}
}
