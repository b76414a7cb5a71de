// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.figures;

import java.util.SortedMap;
import org.apache.flink.annotation.Internal;

/** What a job does, as a whole and by subtask. */
@Internal
public record JobFigures(Figures job, SortedMap<Integer, Figures> subtasks) {}
