// SPDX-License-Identifier: Apache-2.0
/** Fine-tuning: a network learns the classes of a folder of images. */
@NullMarked
package io.imageembedding.training;

import org.jspecify.annotations.NullMarked;
