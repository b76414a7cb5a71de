// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import io.imageembedding.tensorflow.GraphSession;
import io.imageembedding.tensorflow.Ownership;
import io.imageembedding.tensorflow.TensorFlowFailure;
import io.imageembedding.tensorflow.TensorFlowRuntime;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.ndarray.buffer.ByteDataBuffer;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.types.TString;

/**
 * The decoder of the model's own pipeline: TensorFlow's {@code DecodeImage} with three channels,
 * the first frame only, everything else at its default. JPEG is decoded with the DCT INTEGER_FAST,
 * which is why other decoders give other pixels.
 */
final class ReferenceDecoder implements PictureDecoder {
  private static final String ENCODED = "encoded";
  private static final String DECODED = "decoded";
  private static final String JPEG = "jpeg.";
  private static final int[] RATIOS = {2, 4, 8};

  private final GraphSession opened;
  private final Session session;

  ReferenceDecoder() {
    GraphDef.Builder definition = GraphDef.newBuilder();
    definition
        .addNodeBuilder()
        .setName(ENCODED)
        .setOp("Placeholder")
        .putAttr("dtype", AttrValue.newBuilder().setType(DataType.DT_STRING).build());
    definition
        .addNodeBuilder()
        .setName(DECODED)
        .setOp("DecodeImage")
        .addInput(ENCODED)
        .putAttr("channels", AttrValue.newBuilder().setI(3).build())
        .putAttr("dtype", AttrValue.newBuilder().setType(DataType.DT_UINT8).build())
        .putAttr("expand_animations", AttrValue.newBuilder().setB(false).build());
    for (int ratio : RATIOS) {
      definition
          .addNodeBuilder()
          .setName(JPEG + ratio)
          .setOp("DecodeJpeg")
          .addInput(ENCODED)
          .putAttr("channels", AttrValue.newBuilder().setI(3).build())
          .putAttr("ratio", AttrValue.newBuilder().setI(ratio).build());
    }
    try {
      opened = GraphSession.of(definition.build());
    } catch (TensorFlowFailure e) {
      throw new IllegalStateException("this TensorFlow has no DecodeImage", e);
    }
    session = opened.session();
  }

  /** The pixels, in native memory until they are closed. */
  @Override
  public Pixels decode(byte[] encoded, ImageHeader header) throws TensorFlowFailure {
    return decode(encoded, DECODED);
  }

  /** A JPEG at the smallest part of its size at which it still has so many pixels. */
  @Override
  public Pixels decodeJpeg(byte[] encoded, ImageHeader header, int needed)
      throws TensorFlowFailure {
    int shorterSide = Math.min(header.width(), header.height());
    String decoded = DECODED;
    for (int ratio : RATIOS) {
      if (shorterSide / ratio >= needed) {
        decoded = JPEG + ratio;
      }
    }
    return decode(encoded, decoded);
  }

  private Pixels decode(byte[] encoded, String decoded) throws TensorFlowFailure {
    try (TString input = TString.tensorOfBytes(NdArrays.scalarOfObject(encoded))) {
      Result result =
          TensorFlowRuntime.run(() -> session.runner().feed(ENCODED, input).fetch(decoded).run());
      try (Ownership owned = new Ownership()) {
        TensorPixels pixels = new TensorPixels(owned.add(result));
        owned.release(result);
        return pixels;
      }
    }
  }

  private static final class TensorPixels implements Pixels {
    private final Result result;
    private final ByteDataBuffer bytes;
    private final int width;
    private final int height;

    TensorPixels(Result result) {
      this.result = result;
      Tensor tensor = result.get(0);
      height = (int) tensor.shape().get(0);
      width = (int) tensor.shape().get(1);
      bytes = tensor.asRawTensor().data();
    }

    @Override
    public int width() {
      return width;
    }

    @Override
    public int height() {
      return height;
    }

    @Override
    public void read(int row, byte[] into) {
      bytes.offset((long) row * width * 3).read(into, 0, width * 3);
    }

    @Override
    public void close() {
      result.close();
    }
  }

  @Override
  public void close() {
    opened.close();
  }
}
