// SPDX-License-Identifier: Apache-2.0
/** What a person starts: the streaming job. */
@NullMarked
package io.imageembedding.jobs;

import org.jspecify.annotations.NullMarked;
