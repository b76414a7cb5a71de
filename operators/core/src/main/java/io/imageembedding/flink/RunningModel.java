// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import io.imageembedding.embedding.Provenance;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.flink.api.common.state.BroadcastState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.OperatorStateStore;
import org.apache.flink.api.common.typeinfo.Types;

/**
 * What a job remembers of the model that it runs: the arithmetic, and the content that it was
 * chosen for. Broadcast state, so that every subtask of a rescaled job has it, and checkpoints go
 * on when some subtasks have finished: Flink declines them where a vertex has union list state.
 */
final class RunningModel {
  private static final MapStateDescriptor<String, String> STATE =
      new MapStateDescriptor<>("running-model", Types.STRING, Types.STRING);
  private static final String PRECISION = "precision";
  private static final String SHA256 = "sha256";

  /** Union list state of earlier builds; even an empty one would go on declining checkpoints. */
  private static final ListStateDescriptor<String> UNION =
      new ListStateDescriptor<>("precision", Types.STRING);

  private final BroadcastState<String, String> state;
  private final String restoredPrecision;
  private final String restoredSha256;

  /**
   * @throws NoRestartException if the restored state is that of an earlier build
   */
  RunningModel(OperatorStateStore store) throws Exception {
    if (store.getRegisteredStateNames().contains(UNION.getName())) {
      refuse(store.getUnionListState(UNION).get());
    }
    state = store.getBroadcastState(STATE);
    restoredPrecision = state.get(PRECISION);
    restoredSha256 = state.get(SHA256);
  }

  private static void refuse(Iterable<String> precisions) {
    List<String> distinct = new ArrayList<>();
    precisions.forEach(distinct::add);
    throw new NoRestartException(
        "the state to be restored is that of an earlier build, whose operator 'embed' kept its"
            + " precision as union list state, with which checkpoints fail once a subtask has"
            + " finished; start the job without it (a Kafka source goes on from the offsets that"
            + " its group has committed), and with "
            + EmbedOptions.MODEL_PRECISION.key()
            + ": "
            + (distinct.isEmpty() ? "what it was" : distinct.get(0)),
        null);
  }

  /** The arithmetic that was in use when the job was restored; empty if it was not. */
  Optional<String> precision() {
    return Optional.ofNullable(restoredPrecision);
  }

  /** Whether what was restored was said of another model than that of this content. */
  boolean wasAnother(String sha256) {
    return restoredSha256 != null && !restoredSha256.equals(sha256);
  }

  void keep(Provenance running) throws Exception {
    state.put(PRECISION, running.precision());
    state.put(SHA256, running.sha256());
  }
}
