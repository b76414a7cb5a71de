// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.engine;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.imageembedding.bench.fixture.Fixtures;
import io.imageembedding.bench.network.OnnxNetwork;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;

/** The same weights in ONNX Runtime. */
final class OnnxEngine implements Engine {
  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  private final OrtSession session;
  private OnnxTensor images;

  private OnnxEngine(OrtSession session) {
    this.session = session;
  }

  /**
   * @param threads of each session
   */
  static Factory factory(Path folder, int threads) {
    String file = folder.resolve(Fixtures.ONNX).toString();
    return () -> {
      try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
        options.setIntraOpNumThreads(threads);
        options.setInterOpNumThreads(1);
        options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
        // Threads that wait for work would take it from the others that are measured.
        options.addConfigEntry("session.intra_op.allow_spinning", "0");
        return new OnnxEngine(OrtEnvironment.getEnvironment().createSession(file, options));
      }
    };
  }

  @Override
  public void load(float[] pixels, int count) throws OrtException {
    closeImages();
    int length = count * Fixtures.PIXELS;
    FloatBuffer buffer =
        ByteBuffer.allocateDirect(length * Float.BYTES)
            .order(ByteOrder.nativeOrder())
            .asFloatBuffer();
    buffer.put(pixels, 0, length).rewind();
    images =
        OnnxTensor.createTensor(
            environment, buffer, new long[] {count, Fixtures.SIZE, Fixtures.SIZE, 3});
  }

  @Override
  public float[][] embed() throws OrtException {
    try (OrtSession.Result result = session.run(Map.of(OnnxNetwork.INPUT, images))) {
      return (float[][]) result.get(0).getValue();
    }
  }

  @Override
  public void close() throws OrtException {
    closeImages();
    session.close();
  }

  private void closeImages() {
    if (images != null) {
      images.close();
    }
  }
}
