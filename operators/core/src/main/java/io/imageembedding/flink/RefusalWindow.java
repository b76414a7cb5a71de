// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import io.imageembedding.embedding.Outcome;
import io.imageembedding.embedding.Refusal;
import java.util.BitSet;

/** The last images of one subtask, as its {@link RefusalGuard} sees them. */
final class RefusalWindow {
  private final RefusalGuard guard;
  private final int most;
  private final BitSet refused;
  private int next;
  private int count;

  RefusalWindow(RefusalGuard guard) {
    this.guard = guard;
    most = (int) Math.floor(guard.largestShare() * guard.window());
    refused = new BitSet(guard.window());
  }

  /**
   * Looks at an answer.
   *
   * @throws NoRestartException if there are too many refusals with it, though the window may not be
   *     full yet
   */
  void answered(Outcome outcome) {
    Refusal refusal =
        outcome instanceof Refusal given && !guard.uncounted().contains(given.code())
            ? given
            : null;
    count += (refusal != null ? 1 : 0) - (refused.get(next) ? 1 : 0);
    refused.set(next, refusal != null);
    next = (next + 1) % guard.window();
    if (count > most) {
      throw new NoRestartException(
          "%d of the last %d images of this subtask were refused; %s: %s allows %d; the last one: %s %s, %s"
              .formatted(
                  count,
                  guard.window(),
                  GuardOptions.REFUSED_SHARE.key(),
                  guard.largestShare(),
                  most,
                  refusal.stage(),
                  refusal.code(),
                  refusal.message()),
          null);
    }
  }
}
