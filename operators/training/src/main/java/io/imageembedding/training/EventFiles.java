// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.training;

import io.imageembedding.model.graph.GraphNodes;
import io.imageembedding.tensorflow.GraphSession;
import io.imageembedding.tensorflow.Ownership;
import io.imageembedding.tensorflow.TensorFlowFailure;
import io.imageembedding.tensorflow.TensorFlowRuntime;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.tensorflow.Session;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * Figures of epochs as TensorBoard reads them, by TensorFlow's own writers: folders {@code train}
 * and {@code validation} with the tags that Keras gives. A training that goes on begins another
 * file in the same folders. Not thread-safe.
 */
final class EventFiles implements AutoCloseable {
  private static final String FOLDER = "tensorboard";
  private static final String TRAIN = "train";
  private static final String VALIDATION = "validation";
  private static final String LOSS = "epoch_loss";
  private static final String ACCURACY = "epoch_accuracy";
  private static final String RATE = "epoch_learning_rate";
  private static final String STEP = "step";
  private static final String SUFFIX = ".image-embedding";
  private static final int QUEUED = 16;
  private static final int FLUSH_MILLIS = 120_000;

  private final Path folder;
  private final Map<String, List<String>> tags = new TreeMap<>();
  private final Ownership owned = new Ownership();
  private final Session session;

  /**
   * @param output folder of the training
   * @param validated whether there are images to measure on
   */
  EventFiles(Path output, boolean validated) {
    folder = output.resolve(FOLDER);
    tags.put(TRAIN, List.of(LOSS, ACCURACY, RATE));
    if (validated) {
      tags.put(VALIDATION, List.of(LOSS, ACCURACY));
    }
    GraphNodes nodes = new GraphNodes();
    nodes.placeholder(STEP, DataType.DT_INT64, GraphNodes.shape());
    tags.keySet().forEach(run -> addWriter(nodes, run));
    try {
      session = owned.add(GraphSession.of(nodes.graph().build())).session();
      Session.Runner opening = session.runner();
      tags.keySet().forEach(run -> opening.addTarget(run + ".create"));
      TensorFlowRuntime.run(opening::run).close();
      owned.add(this::closeFiles);
    } catch (TensorFlowFailure e) {
      throw owned.closeAfter(failure(e));
    }
  }

  private void addWriter(GraphNodes nodes, String run) {
    nodes
        .node(run, "SummaryWriter")
        .putAttr("shared_name", GraphNodes.text(folder + "/" + run))
        .putAttr("container", GraphNodes.text(""));
    nodes.node(
        run + ".create",
        "CreateSummaryFileWriter",
        run,
        nodes.constant(run + ".folder", folder.resolve(run).toString()),
        scalar(nodes, run + ".queued", QUEUED),
        scalar(nodes, run + ".millis", FLUSH_MILLIS),
        nodes.constant(run + ".suffix", SUFFIX));
    for (String tag : tags.get(run)) {
      String name = run + "." + tag;
      nodes.placeholder(name + ".value", DataType.DT_FLOAT, GraphNodes.shape());
      nodes
          .node(
              name,
              "WriteScalarSummary",
              run,
              STEP,
              nodes.constant(name + ".tag", tag),
              name + ".value")
          .putAttr("T", GraphNodes.type(DataType.DT_FLOAT));
    }
    nodes.node(run + ".flush", "FlushSummaryWriter", run);
    nodes.node(run + ".close", "CloseSummaryWriter", run);
  }

  private static String scalar(GraphNodes nodes, String name, int value) {
    return nodes.constant(
        name,
        TensorProto.newBuilder()
            .setDtype(DataType.DT_INT32)
            .setTensorShape(GraphNodes.shape())
            .addIntVal(value)
            .build());
  }

  /**
   * Writes an epoch.
   *
   * @param rate that the epoch ended with
   */
  void write(EpochFigures figures, double rate) {
    Session.Runner writing = session.runner();
    Session.Runner flushing = session.runner();
    try (Ownership values = new Ownership()) {
      // Keras counts epochs from 0.
      writing.feed(STEP, values.add(TInt64.scalarOf(figures.epoch() - 1L)));
      add(TRAIN, LOSS, figures.loss(), writing, values);
      add(TRAIN, ACCURACY, figures.accuracy(), writing, values);
      add(TRAIN, RATE, rate, writing, values);
      if (figures.validationLoss() != null && figures.validationAccuracy() != null) {
        add(VALIDATION, LOSS, figures.validationLoss(), writing, values);
        add(VALIDATION, ACCURACY, figures.validationAccuracy(), writing, values);
      }
      tags.keySet().forEach(run -> flushing.addTarget(run + ".flush"));
      TensorFlowRuntime.run(writing::run).close();
      TensorFlowRuntime.run(flushing::run).close();
    } catch (TensorFlowFailure e) {
      throw failure(e);
    }
  }

  private static void add(
      String run, String tag, double value, Session.Runner writing, Ownership values) {
    String name = run + "." + tag;
    writing.feed(name + ".value", values.add(TFloat32.scalarOf((float) value))).addTarget(name);
  }

  private FineTuneException failure(TensorFlowFailure cause) {
    return new FineTuneException(folder + " cannot be written: " + cause.getMessage(), cause);
  }

  private void closeFiles() throws TensorFlowFailure {
    Session.Runner closing = session.runner();
    tags.keySet().forEach(run -> closing.addTarget(run + ".close"));
    TensorFlowRuntime.run(closing::run).close();
  }

  @Override
  public void close() {
    owned.close();
  }
}
