// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.job;

import io.imageembedding.cli.output.CommandFailure;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.flink.annotation.Internal;
import org.apache.flink.client.deployment.executors.LocalExecutor;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.DeploymentOptions;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.WebOptions;
import org.apache.flink.core.execution.PipelineExecutor;
import org.apache.flink.core.execution.PipelineExecutorFactory;
import org.apache.flink.core.execution.PipelineExecutorServiceLoader;
import org.apache.flink.metrics.MetricConfig;
import org.apache.flink.runtime.metrics.MetricRegistryConfiguration;
import org.apache.flink.runtime.metrics.MetricRegistryImpl;
import org.apache.flink.runtime.metrics.ReporterSetup;
import org.apache.flink.runtime.metrics.ReporterSetupBuilder;
import org.apache.flink.runtime.metrics.filter.DefaultReporterFilters;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * A Flink in this process for one job, which can be looked into while the job runs. Its page is for
 * this machine only, and takes no jars, unless options of Flink say otherwise.
 */
@Internal
public final class LocalFlink {
  private static final String LOOPBACK = "127.0.0.1";

  private final JobMetrics metrics = new JobMetrics();
  private volatile MiniCluster cluster;

  /** An environment whose job runs here. */
  public StreamExecutionEnvironment environment(Configuration given) {
    Configuration config = new Configuration(given);
    config.set(DeploymentOptions.TARGET, LocalExecutor.NAME);
    config.set(DeploymentOptions.ATTACHED, true);
    if (!config.contains(CoreOptions.DEFAULT_PARALLELISM)) {
      config.set(
          CoreOptions.DEFAULT_PARALLELISM, StreamExecutionEnvironment.getDefaultLocalParallelism());
    }
    if (!config.contains(RestOptions.BIND_ADDRESS)) {
      config.set(RestOptions.BIND_ADDRESS, LOOPBACK);
      config.set(RestOptions.ADDRESS, LOOPBACK);
    }
    if (config.contains(RestOptions.PORT) && !config.contains(RestOptions.BIND_PORT)) {
      // Flink would take any free port here.
      config.set(RestOptions.BIND_PORT, String.valueOf(config.get(RestOptions.PORT)));
    }
    if (!config.contains(WebOptions.SUBMIT_ENABLE)) {
      config.set(WebOptions.SUBMIT_ENABLE, false);
    }
    return new StreamExecutionEnvironment(new Executors(), config, null);
  }

  /**
   * Sees that Flink's page can have its port, where one is named: Flink itself would say so only
   * after the job's model was loaded.
   *
   * @throws CommandFailure if it cannot
   */
  public void requireFreePort(Configuration given) {
    String port =
        given.contains(RestOptions.BIND_PORT)
            ? given.get(RestOptions.BIND_PORT)
            : given.contains(RestOptions.PORT) ? String.valueOf(given.get(RestOptions.PORT)) : "0";
    if (!port.matches("\\d{1,5}")) {
      // A range, of which any will do.
      return;
    }
    String address = given.getOptional(RestOptions.BIND_ADDRESS).orElse(LOOPBACK);
    try (ServerSocket listening = new ServerSocket()) {
      // Flink's server reuses what is still closing, too.
      listening.setReuseAddress(true);
      listening.bind(new InetSocketAddress(address, Integer.parseInt(port)));
    } catch (IOException | IllegalArgumentException e) {
      throw new CommandFailure(
          "%s: %s:%s cannot be listened to: %s"
              .formatted(RestOptions.PORT.key(), address, port, e.getMessage()),
          e);
    }
  }

  JobMetrics metrics() {
    return metrics;
  }

  /** The cluster, once a job has been executed in the environment. */
  Optional<MiniCluster> cluster() {
    return Optional.ofNullable(cluster);
  }

  /** Address of Flink's own page and REST interface. */
  public Optional<URI> page() {
    return cluster().map(running -> running.getRestAddress().getNow(null));
  }

  private MiniCluster start(MiniClusterConfiguration configuration) {
    cluster = new MeasuredCluster(configuration, metrics);
    return cluster;
  }

  /** What Flink has for jobs in this process, but with a cluster that is not hidden. */
  private final class Executors implements PipelineExecutorServiceLoader {
    @Override
    public PipelineExecutorFactory getExecutorFactory(Configuration configuration) {
      return new PipelineExecutorFactory() {
        @Override
        public String getName() {
          return LocalExecutor.NAME;
        }

        @Override
        public boolean isCompatibleWith(Configuration any) {
          return true;
        }

        @Override
        public PipelineExecutor getExecutor(Configuration executed) {
          return LocalExecutor.createWithFactory(executed, LocalFlink.this::start);
        }
      };
    }

    @Override
    public Stream<String> getExecutorNames() {
      return Stream.of(LocalExecutor.NAME);
    }
  }

  /** Reports to whoever watches, beside the reporters of the configuration. */
  private static final class MeasuredCluster extends MiniCluster {
    private final JobMetrics metrics;

    MeasuredCluster(MiniClusterConfiguration configuration, JobMetrics metrics) {
      super(configuration);
      this.metrics = metrics;
    }

    @Override
    protected MetricRegistryImpl createMetricRegistry(Configuration config, long maxMessageBytes) {
      List<ReporterSetup> reporters =
          new ArrayList<>(
              ReporterSetupBuilder.METRIC_SETUP_BUILDER.fromConfiguration(
                  config, DefaultReporterFilters::metricsFromConfiguration, null));
      reporters.add(
          new ReporterSetup(
              "embed", new MetricConfig(), metrics, (metric, name, scope) -> true, Map.of()));
      return new MetricRegistryImpl(
          MetricRegistryConfiguration.fromConfiguration(config, maxMessageBytes),
          reporters,
          ReporterSetupBuilder.TRACE_SETUP_BUILDER.fromConfiguration(
              config, DefaultReporterFilters::tracesFromConfiguration, null),
          ReporterSetupBuilder.EVENT_SETUP_BUILDER.fromConfiguration(
              config, DefaultReporterFilters::eventsFromConfiguration, null));
    }
  }
}
