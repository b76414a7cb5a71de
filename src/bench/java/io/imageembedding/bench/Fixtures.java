// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench;

import io.imageembedding.image.DecodeLimits;
import io.imageembedding.image.ImageDecoder;
import io.imageembedding.image.ImageTensor;
import io.imageembedding.image.Preprocessing;
import io.imageembedding.image.UndecodableImageException;
import io.imageembedding.model.FeatureVectorModel;
import io.imageembedding.model.ModelSource;
import io.imageembedding.model.Precision;
import io.imageembedding.model.export.ReusableSavedModel;
import io.imageembedding.model.network.TrainableNetwork;
import io.imageembedding.model.source.TrainableNetworks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The files that all contenders share: one network in every form, images, expected vectors. */
final class Fixtures {
  static final int SIZE = 224;
  static final int PIXELS = SIZE * SIZE * 3;
  static final int FEATURES = 1280;

  /** Images that vectors are compared for. */
  static final int COMPARED = 16;

  static final String SAVED_MODEL = "saved_model";
  static final String ONNX = "network.onnx";
  static final String PIXEL_FILE = "pixels.f32";
  static final String VECTOR_FILE = "vectors.f32";
  static final String PHOTOS = "photos";
  static final String SMALL_JPEG = "500x375.jpg";
  static final String LARGE_JPEG = "4000x3000.jpg";
  static final String PNG = "500x375.png";
  static final String WEBP = "photo.webp";

  private Fixtures() {}

  /**
   * Writes them.
   *
   * @param photos how many different ones
   */
  static void write(Path folder, int photos) throws IOException {
    Files.createDirectories(folder.resolve(PHOTOS));
    Photos source = new Photos();
    for (int i = 0; i < photos; i++) {
      Files.write(
          folder.resolve(PHOTOS).resolve(String.format("%04d.jpg", i)),
          Photos.jpeg(source.next(640, 427)));
    }
    Files.write(folder.resolve(SMALL_JPEG), Photos.jpeg(source.next(500, 375)));
    Files.write(folder.resolve(PNG), Photos.png(source.next(500, 375)));
    Files.write(folder.resolve(LARGE_JPEG), Photos.jpeg(source.mosaic(4000, 3000, 500)));
    writeNetwork(folder);
    writeExpected(folder);
  }

  private static void writeNetwork(Path folder) throws IOException {
    if (Files.exists(folder.resolve(SAVED_MODEL))) {
      return;
    }
    TrainableNetwork network = TrainableNetworks.read(ModelSource.parse("builtin"));
    ReusableSavedModel.write(folder.resolve(SAVED_MODEL), network, List.of());
    OnnxNetwork.write(network.weights(), folder.resolve(ONNX));
  }

  private static void writeExpected(Path folder) throws IOException {
    float[] pixels = new float[COMPARED * PIXELS];
    float[] vectors = new float[COMPARED * FEATURES];
    List<byte[]> photos = photos(folder);
    try (ImageDecoder decoder = new ImageDecoder(DecodeLimits.DEFAULT, Preprocessing.REFERENCE);
        ImageTensor tensor = new ImageTensor(SIZE, 1);
        FeatureVectorModel model = Precisions.model(Precision.FP32).load()) {
      for (int i = 0; i < COMPARED; i++) {
        tensor.clear();
        decoder.decode(photos.get(i % photos.size()), tensor);
        float[] image = new float[PIXELS];
        tensor.tensor().asRawTensor().data().asFloats().read(image);
        System.arraycopy(image, 0, pixels, i * PIXELS, PIXELS);
        System.arraycopy(model.embed(tensor)[0], 0, vectors, i * FEATURES, FEATURES);
      }
    } catch (UndecodableImageException e) {
      throw new IOException(e);
    }
    FloatFile.write(folder.resolve(PIXEL_FILE), pixels);
    FloatFile.write(folder.resolve(VECTOR_FILE), vectors);
  }

  /** The photos, in order. */
  static List<byte[]> photos(Path folder) throws IOException {
    List<byte[]> photos = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder.resolve(PHOTOS))) {
      for (Path file : files.sorted().toList()) {
        photos.add(Files.readAllBytes(file));
      }
    }
    return photos;
  }

  /** Pixels of as many images, over and over the same ones. */
  static float[] pixels(Path folder, int count) throws IOException {
    float[] some = FloatFile.read(folder.resolve(PIXEL_FILE));
    float[] all = new float[count * PIXELS];
    for (int i = 0; i < count; i++) {
      System.arraycopy(some, i % COMPARED * PIXELS, all, i * PIXELS, PIXELS);
    }
    return all;
  }
}
