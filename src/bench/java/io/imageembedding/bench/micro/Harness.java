// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.micro;

import io.imageembedding.bench.report.Plan;
import io.imageembedding.bench.report.Samples;
import io.imageembedding.it.JavaProcess;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Runs one micro-benchmark in rounds, each in a JVM of its own. */
public final class Harness {
  private static final String ALLOCATION = "gc.alloc.rate.norm";

  private final Class<?> benchmarks;
  private final Map<String, String> parameters;
  private final Plan plan;

  /** Time of a call in each round, and the bytes that it allocates on the heap. */
  public record Timed(Samples times, Samples bytes) {}

  public Harness(Class<?> benchmarks, Map<String, String> parameters, Plan plan) {
    this.benchmarks = benchmarks;
    this.parameters = parameters;
    this.plan = plan;
  }

  /** Runs the methods in turns. */
  public List<Timed> run(String... methods) throws RunnerException {
    List<Timed> all = new ArrayList<>();
    for (int i = 0; i < methods.length; i++) {
      all.add(new Timed(new Samples(), new Samples()));
    }
    for (int round = 0; round < plan.harness(); round++) {
      for (int i = 0; i < methods.length; i++) {
        RunResult result = run(methods[i]);
        all.get(i).times().add(result.getPrimaryResult().getScore());
        all.get(i).bytes().add(result.getSecondaryResults().get(ALLOCATION).getScore());
      }
    }
    return all;
  }

  private RunResult run(String method) throws RunnerException {
    TimeValue iteration = new TimeValue(plan.harnessIteration().toMillis(), TimeUnit.MILLISECONDS);
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .include("^" + benchmarks.getName() + "\\." + method + "$")
            .forks(plan == Plan.SMOKE ? 0 : 1)
            .threads(1)
            .warmupIterations(plan.harnessIterations())
            .warmupTime(iteration)
            .measurementIterations(plan.harnessIterations())
            .measurementTime(iteration)
            .addProfiler(GCProfiler.class)
            .shouldFailOnError(true)
            .verbosity(VerboseMode.SILENT)
            .jvmArgs("@" + JavaProcess.project().resolve("jobs/cli/src/main/launch/jvm.args"));
    parameters.forEach(options::param);
    return new Runner(options.build()).runSingle();
  }
}
