// SPDX-License-Identifier: Apache-2.0
/** Images to outcomes, one for one, without Flink. */
package io.imageembedding.embed;
