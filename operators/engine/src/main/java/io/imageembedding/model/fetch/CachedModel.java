// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.fetch;

import io.imageembedding.annotation.Internal;
import java.nio.file.Path;
import java.time.Instant;

/**
 * A model in files of this machine.
 *
 * @param origin where it came from, without user names, passwords and queries
 * @param sha256 64 lower-case hex digits: of the archive or file that it came in, or of the list of
 *     its files as {@code sha256sum} prints it, sorted by name; null where that is not known
 * @param bytes size of its files
 * @param path its folder, its file, or the prefix of a checkpoint's files
 * @param time when it came into the cache; for a model that is in none, when it was last changed
 */
@Internal
public record CachedModel(String origin, String sha256, long bytes, Path path, Instant time) {}
