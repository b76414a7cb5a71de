// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.lucene;

import io.imageembedding.vectorstore.StoreException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.util.List;
import org.apache.lucene.index.CorruptIndexException;
import org.apache.lucene.index.IndexFormatTooNewException;
import org.apache.lucene.index.IndexFormatTooOldException;

/** What went wrong with a folder, in one line. */
final class LuceneFailures {
  private static final List<String> DISK_FULL =
      List.of("No space left on device", "Disk quota exceeded");

  private LuceneFailures() {}

  static StoreException of(String store, Throwable cause) {
    if (cause instanceof StoreException known) {
      return known;
    }
    return new StoreException(store + ": " + reason(cause), cause);
  }

  private static String reason(Throwable cause) {
    for (Throwable c = cause; c != null; c = c.getCause()) {
      String message = String.valueOf(c.getMessage());
      if (DISK_FULL.stream().anyMatch(message::contains)) {
        return "the disk is full; what was committed before is kept";
      }
    }
    if (cause instanceof CorruptIndexException) {
      return "the index is damaged: " + oneLine(cause);
    }
    if (cause instanceof IndexFormatTooNewException
        || cause instanceof IndexFormatTooOldException) {
      return "the index was written by another version of Lucene: " + oneLine(cause);
    }
    if (cause instanceof AccessDeniedException) {
      return "access denied to " + cause.getMessage();
    }
    return cause instanceof IOException
        ? cause.getClass().getSimpleName() + ": " + oneLine(cause)
        : oneLine(cause);
  }

  private static String oneLine(Throwable cause) {
    return String.valueOf(cause.getMessage()).replaceAll("\\s+", " ");
  }
}
