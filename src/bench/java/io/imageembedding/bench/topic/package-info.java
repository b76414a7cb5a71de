// SPDX-License-Identifier: Apache-2.0
/** Topics, and what is sent to them and read from them. */
package io.imageembedding.bench.topic;
