// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.fetch;

import java.time.Duration;

/**
 * How large a model may be. Counted are the bytes that really come, never the sizes that a server
 * or an archive claims.
 *
 * @param archiveBytes of an archive or a download
 * @param unpackedBytes of all files of a model together
 * @param entries files and folders of a model
 * @param ratio how many times its archive's size a model may have, once it has more than {@code
 *     freeBytes}; deflate reaches 1032, weights stay below 20
 * @param freeBytes that any archive may unpack to, whatever the ratio
 * @param nameLength characters of a name with its folders
 * @param depth of folders in each other
 * @param time until all of it is on this machine, however slowly it comes
 */
record FetchLimits(
    long archiveBytes,
    long unpackedBytes,
    int entries,
    int ratio,
    long freeBytes,
    int nameLength,
    int depth,
    Duration time) {

  /** 2 GiB that unpack to at most 4 GiB: a hundred times the largest MobileNet. */
  static final FetchLimits DEFAULT =
      new FetchLimits(2L << 30, 4L << 30, 10_000, 200, 64L << 20, 512, 16, Duration.ofMinutes(30));

  /**
   * For which another task or process is waited for that fetches the same: what a download may
   * take, and half of that to unpack it.
   */
  static final Duration LONGEST_WAIT = Duration.ofMinutes(45);

  /** The most that an archive of this size may unpack to. */
  long unpackedBytes(long archiveSize) {
    return Math.min(unpackedBytes, Math.max(freeBytes, archiveSize * ratio));
  }
}
