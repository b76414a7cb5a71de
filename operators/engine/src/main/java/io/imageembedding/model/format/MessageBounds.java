// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.format;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.WireFormat;
import io.imageembedding.model.ModelException;
import java.io.IOException;

/**
 * Counts the fields of an encoded message before it is parsed: a message of two bytes becomes an
 * object of many times its size, so a file of some megabytes could fill the heap.
 */
final class MessageBounds {
  /** The largest networks for images have a tenth. */
  private static final int MOST_FIELDS = 4_000_000;

  private static final int DEEPEST = 100;

  private final String what;
  private int fields;

  private MessageBounds(String what) {
    this.what = what;
  }

  /**
   * @param what the model and the file, in messages
   * @throws ModelException if there are too many, or they are nested too deeply
   */
  static void require(String what, byte[] encoded, Descriptor type) {
    try {
      new MessageBounds(what).walk(CodedInputStream.newInstance(encoded), type, 0);
    } catch (IOException e) {
      throw new ModelException(what + " is damaged, or no " + type.getName(), e);
    }
  }

  private void walk(CodedInputStream in, Descriptor type, int depth) throws IOException {
    if (depth > DEEPEST) {
      throw new ModelException(what + " is nested too deeply");
    }
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (++fields > MOST_FIELDS) {
        throw new ModelException(what + " has more than " + MOST_FIELDS + " fields");
      }
      FieldDescriptor field = type.findFieldByNumber(WireFormat.getTagFieldNumber(tag));
      if (field != null
          && field.getJavaType() == FieldDescriptor.JavaType.MESSAGE
          && WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED) {
        int outer = in.pushLimit(in.readRawVarint32());
        walk(in, field.getMessageType(), depth + 1);
        in.checkLastTagWas(0);
        in.popLimit(outer);
      } else if (!in.skipField(tag)) {
        return;
      }
    }
  }
}
