// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import io.imageembedding.image.UndecodableImageException.Fault;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** One directory of a TIFF: its tags, of those that stand there twice the first. */
final class TiffDirectory {
  private final EncodedBytes bytes;
  private final SortedMap<Integer, TiffTag> tags = new TreeMap<>();

  /**
   * @param bytes the file, in its byte order
   * @param at where the directory begins
   */
  TiffDirectory(EncodedBytes bytes, long at) throws UndecodableImageException {
    this.bytes = bytes;
    int count = bytes.u16(at);
    for (int i = 0; i < count; i++) {
      TiffTag tag = TiffTag.read(bytes, at + 2 + (long) TiffTag.ENTRY_BYTES * i);
      tags.putIfAbsent(tag.id(), tag);
    }
  }

  boolean has(int id) {
    return tags.containsKey(id);
  }

  Optional<TiffTag> tag(int id) {
    return Optional.ofNullable(tags.get(id));
  }

  /** The tag's first value; what is given where there is none. */
  int value(int id, int otherwise) throws UndecodableImageException {
    return value(id, 0, otherwise);
  }

  int value(int id, long index, int otherwise) throws UndecodableImageException {
    TiffTag tag = tags.get(id);
    return tag == null || tag.count() <= index
        ? otherwise
        : (int) Math.min(Integer.MAX_VALUE, tag.value(bytes, index));
  }

  /** How many values the tag has, 0 if it is not there. */
  long count(int id) {
    return tags.containsKey(id) ? tags.get(id).count() : 0;
  }

  /**
   * The file with another directory, which is its only one and has these tags only.
   *
   * @param replaced tags that have another value there, of 16 bits
   * @throws UndecodableImageException if a tag's values are not in the file
   */
  static byte[] only(
      byte[] file, EncodedBytes bytes, Collection<TiffTag> kept, Map<Integer, Integer> replaced)
      throws UndecodableImageException {
    for (TiffTag tag : kept) {
      if (!bytes.has(tag.offset(), tag.bytes())) {
        throw new UndecodableImageException(
            Fault.TRUNCATED, "values of the TIFF's tag " + tag.id() + " are not in the file");
      }
    }
    int at = file.length + (file.length & 1);
    ByteBuffer whole = ByteBuffer.allocate(at + 2 + TiffTag.ENTRY_BYTES * kept.size() + 4);
    whole.order(file[0] == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    whole.put(file).putInt(4, at).position(at);
    whole.putShort((short) kept.size());
    for (TiffTag tag : kept) {
      Integer other = replaced.get(tag.id());
      if (other != null) {
        whole.putShort((short) tag.id()).putShort((short) TiffTag.SHORT).putInt(1);
        whole.putShort(other.shortValue()).putShort((short) 0);
        continue;
      }
      whole.putShort((short) tag.id()).putShort((short) tag.type()).putInt((int) tag.count());
      if (tag.isInline()) {
        whole.put(file, (int) tag.offset(), 4);
      } else {
        whole.putInt((int) tag.offset());
      }
    }
    return whole.putInt(0).array();
  }

  /** These of its tags, by number. */
  Collection<TiffTag> tags(Collection<Integer> ids) {
    return tags.values().stream().filter(tag -> ids.contains(tag.id())).toList();
  }
}
