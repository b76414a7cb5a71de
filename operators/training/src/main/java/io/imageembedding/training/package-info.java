// SPDX-License-Identifier: Apache-2.0
/** Fine-tuning: a network learns the classes of a folder of images. */
package io.imageembedding.training;
