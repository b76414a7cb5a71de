// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

/**
 * Something that a search found.
 *
 * @param score cosine similarity to what was searched for, -1 to 1
 * @param version where the vector came from
 * @param image what the image was
 */
public record Hit(String id, float score, Version version, ImageMetadata image) {}
