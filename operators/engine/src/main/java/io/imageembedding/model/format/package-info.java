// SPDX-License-Identifier: Apache-2.0
/** Reads what TensorFlow saved, and takes out of it what turns images into vectors. */
package io.imageembedding.model.format;
