// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.format;

import io.imageembedding.annotation.Internal;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelOrigin;
import io.imageembedding.model.graph.Checkpoint;
import io.imageembedding.model.graph.FloatTensor;
import io.imageembedding.model.network.ClassifierHead;
import io.imageembedding.model.network.MobileNetV2;
import io.imageembedding.model.network.NetworkWeights;
import io.imageembedding.model.optimize.OpenedModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tensorflow.proto.BundleEntryProto;

/**
 * A TF-Slim checkpoint of MobileNetV2. The depth multiplier is read from the shapes, the input size
 * from the file's name ({@code mobilenet_v2_1.0_128.ckpt}), else it is 224. Where the checkpoint
 * has moving averages of trained variables, those are the weights, as for evaluation in TF-Slim.
 */
@Internal
public final class SlimCheckpoint {
  private static final String SHADOW = "/ExponentialMovingAverage";
  private static final String SCOPE = "MobilenetV2/";
  private static final Pattern SIZE = Pattern.compile("_(\\d{2,4})(?=\\.ckpt|$)");
  private static final int DEFAULT_SIZE = 224;
  private static final int MOST_NAMED = 10;

  /** What training keeps beside the variables. */
  private static final Set<String> OF_TRAINING =
      Set.of("global_step", "beta1_power", "beta2_power");

  private final String name;
  private final Path folder;
  private final Checkpoint checkpoint;
  private final Map<String, BundleEntryProto> entries;

  private SlimCheckpoint(String name, Path folder, Checkpoint checkpoint) {
    this.name = name;
    this.folder = folder;
    this.checkpoint = checkpoint;
    this.entries = checkpoint.entries();
  }

  /**
   * @param prefix what the names of the checkpoint's files begin with
   * @param logits whether the classifier's scores come out and not the features
   * @throws ModelException if it is damaged, or of another network, naming what is wrong
   */
  public static OpenedModel open(Path prefix, boolean logits) {
    String name = String.valueOf(prefix.getFileName()).replaceFirst("\\.ckpt$", "");
    return new SlimCheckpoint(
            name, prefix.toAbsolutePath().getParent(), Checkpoint.open(name, prefix))
        .open(logits);
  }

  private OpenedModel open(boolean logits) {
    MobileNetV2 network = network();
    Map<String, long[]> needed = new TreeMap<>(network.variables());
    if (logits) {
      long classes = classes();
      needed.put(MobileNetV2.HEAD_WEIGHTS, new long[] {1, 1, network.features(), classes});
      needed.put(MobileNetV2.HEAD_BIASES, new long[] {classes});
    }
    refuse(
        "lacks",
        needed.keySet().stream()
            .filter(key -> !entries.containsKey(key) && !entries.containsKey(key + SHADOW))
            .toList());
    refuse("has other shapes for", misshaped(needed));
    refuse("has beside MobileNetV2's variables", extra(network));
    Map<String, FloatTensor> weights = new TreeMap<>();
    needed.forEach(
        (key, shape) -> {
          FloatTensor tensor =
              checkpoint.floats(entries.containsKey(key + SHADOW) ? key + SHADOW : key);
          weights.put(key, tensor);
        });
    FloatTensor kernel = weights.remove(MobileNetV2.HEAD_WEIGHTS);
    FloatTensor biases = weights.remove(MobileNetV2.HEAD_BIASES);
    ClassifierHead head = null;
    if (kernel != null) {
      long[] shape = {network.features(), biases.elements()};
      head = new ClassifierHead(new FloatTensor(shape, kernel.bytes()), biases, false);
    }
    return OpenedModel.of(
        ModelOrigin.plain(name, "TF-Slim checkpoint", folder),
        new NetworkWeights(network, weights, head));
  }

  private void refuse(String what, List<String> variables) {
    if (!variables.isEmpty()) {
      String more =
          variables.size() > MOST_NAMED ? ", and " + (variables.size() - MOST_NAMED) + " more" : "";
      throw ModelException.of(
          name,
          "the checkpoint "
              + what
              + " "
              + String.join(", ", variables.subList(0, Math.min(MOST_NAMED, variables.size())))
              + more);
    }
  }

  /** The network of which most variables have the shapes that are here. */
  private MobileNetV2 network() {
    Matcher size = SIZE.matcher(name);
    int inputSize = size.find() ? Integer.parseInt(size.group(1)) : DEFAULT_SIZE;
    if (!MobileNetV2.SIZES.contains(inputSize)) {
      inputSize = DEFAULT_SIZE;
    }
    if (entries.keySet().stream().noneMatch(key -> key.startsWith(SCOPE))) {
      throw ModelException.of(
          name,
          "the checkpoint is of another network, it has "
              + String.join(", ", entries.keySet().stream().limit(MOST_NAMED).toList())
              + " …; needed: TF-Slim's MobilenetV2/Conv/weights and so on");
    }
    MobileNetV2 best = null;
    int fewest = Integer.MAX_VALUE;
    for (double multiplier : MobileNetV2.MULTIPLIERS) {
      MobileNetV2 candidate = MobileNetV2.of(multiplier, inputSize);
      int wrong = misshaped(candidate.variables()).size();
      if (wrong < fewest) {
        fewest = wrong;
        best = candidate;
      }
    }
    return best;
  }

  private long classes() {
    BundleEntryProto biases = entries.get(MobileNetV2.HEAD_BIASES);
    if (biases == null || biases.getShape().getDimCount() != 1) {
      throw ModelException.of(
          name, "the checkpoint has no classifier (" + MobileNetV2.HEAD_BIASES + ")");
    }
    return biases.getShape().getDim(0).getSize();
  }

  private List<String> misshaped(Map<String, long[]> needed) {
    List<String> misshaped = new ArrayList<>();
    needed.forEach(
        (key, shape) -> {
          for (String variable : List.of(key, key + SHADOW)) {
            BundleEntryProto entry = entries.get(variable);
            if (entry != null) {
              long[] found = Checkpoint.shape(entry.getShape());
              if (!Arrays.equals(found, shape)) {
                misshaped.add(
                    variable + Arrays.toString(found) + " (needed " + Arrays.toString(shape) + ")");
              }
            }
          }
        });
    return misshaped;
  }

  /** What is neither a variable of the network nor an optimizer's companion of one. */
  private List<String> extra(MobileNetV2 network) {
    return entries.keySet().stream()
        .filter(key -> !OF_TRAINING.contains(key) && !key.startsWith(MobileNetV2.HEAD + "/"))
        .filter(
            key ->
                network.variables().keySet().stream()
                    .noneMatch(known -> key.equals(known) || key.startsWith(known + "/")))
        .toList();
  }
}
