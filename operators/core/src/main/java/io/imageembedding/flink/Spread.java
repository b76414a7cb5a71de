// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import org.apache.flink.api.dag.Transformation;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.DeploymentOptions;
import org.apache.flink.configuration.NettyShuffleEnvironmentOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.transformations.PhysicalTransformation;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives each element to the parallel instance that has the least waiting for it.
 *
 * <p>Flink's rebalancing alone goes round, and stands still as soon as the buffers of one instance
 * are full, so that all are as slow as the slowest. Its adaptive partitioner, which is part of
 * Flink from 2.3 on, looks at the queues instead: an instance whose queue does not get shorter gets
 * nothing more. It is Flink's own exchange still, so barriers, watermarks, back-pressure and
 * unaligned checkpoints are what they are anywhere. A queue of our own from which instances take
 * would need a coordinator that holds images at a barrier.
 */
final class Spread {
  private static final Logger LOG = LoggerFactory.getLogger(Spread.class);

  private Spread() {}

  static <T> DataStream<T> over(DataStream<T> stream) {
    StreamExecutionEnvironment env = stream.getExecutionEnvironment();
    ReadableConfig given = env.getConfiguration();
    if (given.getOptional(NettyShuffleEnvironmentOptions.ADAPTIVE_PARTITIONER_ENABLED).isEmpty()) {
      if (given.get(DeploymentOptions.PROGRAM_CONFIG_ENABLED)) {
        env.configure(
            new Configuration()
                .set(NettyShuffleEnvironmentOptions.ADAPTIVE_PARTITIONER_ENABLED, true));
      } else {
        LOG.warn(
            "Programs may change no option here ({}); without {}: true a slow slot holds the others",
            DeploymentOptions.PROGRAM_CONFIG_ENABLED.key(),
            NettyShuffleEnvironmentOptions.ADAPTIVE_PARTITIONER_ENABLED.key());
      }
    }
    sendAtOnce(stream.getTransformation());
    return stream.rebalance();
  }

  /**
   * An image does not wait for the next one to fill its last buffer, which would be up to {@code
   * execution.buffer-timeout.interval}, unless the user has said how long it may for this stream.
   */
  private static void sendAtOnce(Transformation<?> transformation) {
    if (!(transformation instanceof PhysicalTransformation)) {
      transformation.getInputs().forEach(Spread::sendAtOnce);
    } else if (transformation.getBufferTimeout() < 0) {
      transformation.setBufferTimeout(0);
    }
  }
}
