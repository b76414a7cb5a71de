// SPDX-License-Identifier: Apache-2.0
/** A real Kafka broker in this process, for tests and demonstrations. */
@NullMarked
package io.imageembedding.broker;

import org.jspecify.annotations.NullMarked;
