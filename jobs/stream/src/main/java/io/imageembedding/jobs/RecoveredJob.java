// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs;

import java.lang.reflect.Field;
import java.util.Map;
import org.apache.flink.client.program.JobNameBasedJobIdManager;
import org.apache.flink.client.program.StreamContextEnvironment;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A job that a cluster of its own, in application mode with high availability, goes on with after
 * its JobManager has died. Flink runs the program again then, but only to hear the job's name: it
 * goes on with the graph and the checkpoint that it has kept. A program that fails there ends the
 * application for good, and Flink forgets what it has kept. So nothing is asked of brokers, stores
 * and models again: they may be away at that moment, and what the tasks of before still write looks
 * like another job of the same transactional ids.
 */
final class RecoveredJob {
  private static final Logger LOG = LoggerFactory.getLogger(RecoveredJob.class);

  private RecoveredJob() {}

  /** Whether Flink has a job of this name to go on with. */
  static boolean isIn(StreamExecutionEnvironment env) {
    try {
      return env instanceof StreamContextEnvironment
          && value(StreamContextEnvironment.class, "jobIdManager", env)
              instanceof JobNameBasedJobIdManager recovered
          && value(JobNameBasedJobIdManager.class, "recoveredJobNameToJobIds", recovered)
              instanceof Map<?, ?> byName
          && byName.containsKey(env.getConfiguration().get(PipelineOptions.NAME));
    } catch (ReflectiveOperationException e) {
      LOG.warn(
          "Whether this job is recovered cannot be seen in this version of Flink; it was made for"
              + " 2.3: everything is checked again",
          e);
      return false;
    }
  }

  /** Adds what Flink takes the name of, and does not run. */
  static void name(StreamExecutionEnvironment env) {
    LOG.info("Going on with the job that Flink has kept; nothing is checked again");
    env.fromSequence(0, 0).sinkTo(new DiscardingSink<>());
  }

  private static Object value(Class<?> type, String name, Object of)
      throws ReflectiveOperationException {
    Field field = type.getDeclaredField(name);
    field.setAccessible(true);
    return field.get(of);
  }
}
