// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.page;

import io.imageembedding.embedding.SourcePosition;
import io.imageembedding.vectorstore.Hit;
import io.imageembedding.vectorstore.ImageMetadata;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.Version;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;

/**
 * A picture of the store, with where its vector came from.
 *
 * @param thumbnail address on this server
 * @param time of its record, or when its file was changed; ISO 8601, null where unknown
 * @param source null where it came from no topic
 * @param cosine null where nothing was searched for
 */
record Picture(
    String id,
    Float cosine,
    String thumbnail,
    String format,
    int width,
    int height,
    String time,
    String capturedAt,
    String uri,
    Source source,
    Map<String, String> attributes) {

  /** A message. */
  record Source(String topic, int partition, long offset) {}

  static Picture of(StoredVector vector) {
    return of(vector.id(), null, vector.version(), vector.image());
  }

  static Picture of(Hit hit) {
    return of(hit.id(), hit.score(), hit.version(), hit.image());
  }

  private static Picture of(String id, Float cosine, Version version, ImageMetadata image) {
    return new Picture(
        id,
        cosine,
        "/thumbnail?id=" + encoded(id) + "&version=" + encoded(key(version)),
        image.info().format(),
        image.info().width(),
        image.info().height(),
        version.timestamp() == SourcePosition.NO_TIMESTAMP ? null : iso(version.timestamp()),
        image.capturedAt() == null ? null : iso(image.capturedAt()),
        image.uri(),
        version.topic().isEmpty()
            ? null
            : new Source(version.topic(), version.partition(), version.offset()),
        image.attributes());
  }

  /** Tells versions of one id apart, so that what is under an address never changes. */
  static String key(Version version) {
    return version.timestamp()
        + "-"
        + version.topic()
        + "-"
        + version.partition()
        + "-"
        + version.offset();
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private static String iso(long millis) {
    return Instant.ofEpochMilli(millis).toString();
  }
}
