// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import io.imageembedding.embedding.SourcePosition;
import java.io.ByteArrayOutputStream;
import java.io.IOException;

/**
 * Reads and writes the values of messages in one wire format. Nothing of Avro may be touched before
 * a reader or writer is asked for: where a job's graph is read, threads live longer than the job.
 */
interface WireCodec {

  /** Whether a registry has to be given. */
  default boolean needsRegistry() {
    return false;
  }

  /** Reads messages with images, as {@link ImageRecordReader} says. */
  interface ImageReading {

    ImageMessage read(byte[] key, byte[] value, SourcePosition source)
        throws UnreadableRecordException, IOException;

    /** What stands beside the image. */
    ImageFields fields(byte[] key, byte[] value, SourcePosition source)
        throws UnreadableRecordException, IOException;
  }

  /** Reads records. */
  interface Reading<T> {

    /**
     * @param value null where the message has none
     */
    T read(byte[] value) throws UnreadableRecordException, IOException;
  }

  /** Writes records. */
  interface Writing<T> {
    void write(T record, ByteArrayOutputStream out) throws IOException;
  }

  /** A format that images come in. */
  interface Input extends WireCodec {
    ImageReading images(SchemaRegistry registry);
  }

  /** A format that embeddings and dead letters are written in. */
  interface Output extends WireCodec {

    /** About how many bytes a feature of a vector takes. */
    int bytesOfAFeature();

    /**
     * @param topic that the records go to
     */
    Writing<EmbeddingFields> embeddings(SchemaRegistry registry, String topic) throws IOException;

    Reading<EmbeddingFields> embeddings(SchemaRegistry registry);

    /**
     * @param topic that the records go to
     */
    Writing<DeadLetter> deadLetters(SchemaRegistry registry, String topic) throws IOException;

    Reading<DeadLetter> deadLetters(SchemaRegistry registry);
  }
}
