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

  private final String model;
  private final String file;
  private int fields;

  private MessageBounds(String model, String file) {
    this.model = model;
    this.file = file;
  }

  /**
   * @param file of the model, in messages
   * @throws ModelException if there are too many, or they are nested too deeply
   */
  static void require(String model, String file, byte[] encoded, Descriptor type) {
    try {
      new MessageBounds(model, file).walk(CodedInputStream.newInstance(encoded), type, 0);
    } catch (IOException e) {
      throw ModelException.of(model, file + " is damaged, or no " + type.getName(), e);
    }
  }

  private void walk(CodedInputStream in, Descriptor type, int depth) throws IOException {
    if (depth > DEEPEST) {
      throw ModelException.of(model, file + " is nested too deeply");
    }
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (++fields > MOST_FIELDS) {
        throw ModelException.of(model, file + " has more than " + MOST_FIELDS + " fields");
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
