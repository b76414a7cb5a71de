// SPDX-License-Identifier: Apache-2.0
/** How fast the product is, beside what people would use instead. */
package io.imageembedding.bench;
