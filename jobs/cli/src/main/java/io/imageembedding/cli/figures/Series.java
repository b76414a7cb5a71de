// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.figures;

import org.apache.flink.annotation.Internal;

/**
 * One counter of one subtask.
 *
 * @param label the code or reason that it counts; empty for counters that there is one of
 */
@Internal
public record Series(Count count, String label, int subtask) {}
