// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.micro;

import io.imageembedding.bench.contender.JavaPixels;
import io.imageembedding.bench.fixture.Fixtures;
import io.imageembedding.image.DecodeLimits;
import io.imageembedding.image.ImageDecoder;
import io.imageembedding.image.ImageTensor;
import io.imageembedding.image.Preprocessing;
import io.imageembedding.image.UndecodableImageException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** An encoded image to the network's input. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class DecodeBenchmark {

  @Param("")
  public String folder;

  @Param("")
  public String file;

  private byte[] encoded;
  private ImageDecoder decoder;
  private ImageTensor tensor;

  @Setup
  public void open() throws IOException {
    encoded = Files.readAllBytes(Path.of(folder, file));
    decoder = new ImageDecoder(DecodeLimits.DEFAULT, Preprocessing.REFERENCE);
    tensor = new ImageTensor(Fixtures.SIZE, 1);
    ImageIO.setUseCache(false);
  }

  @Benchmark
  public ImageTensor ours() throws UndecodableImageException {
    tensor.clear();
    decoder.decode(encoded, tensor);
    return tensor;
  }

  @Benchmark
  public ImageTensor imageIo() throws IOException {
    BufferedImage image = ImageIO.read(new ByteArrayInputStream(encoded));
    tensor.clear();
    tensor.append(JavaPixels.resized(image, Fixtures.SIZE));
    return tensor;
  }

  @TearDown
  public void close() {
    tensor.close();
    decoder.close();
  }
}
