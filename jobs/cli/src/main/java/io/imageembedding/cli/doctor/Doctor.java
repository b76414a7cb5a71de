// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.doctor;

import io.imageembedding.cli.doctor.Diagnosis.Status;
import io.imageembedding.kafka.SetupCheck;
import io.imageembedding.kafka.SetupCheck.Finding;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.flink.annotation.Internal;

/** Makes checks one after the other, each within a time limit, whatever becomes of the others. */
@Internal
public final class Doctor {

  /**
   * A check, and what it is no use without.
   *
   * @param needs names of checks that have to be good for this one to say anything
   */
  public record Step(SetupCheck check, Duration limit, Set<String> needs) {}

  private final Function<Throwable, String> inWords;
  private final Consumer<Diagnosis> watcher;
  private final Set<String> bad = new HashSet<>();

  /**
   * @param inWords says a failure in one line
   * @param watcher is told of each diagnosis when it is made
   */
  public Doctor(Function<Throwable, String> inWords, Consumer<Diagnosis> watcher) {
    this.inWords = inWords;
    this.watcher = watcher;
  }

  /** What came of the steps, in their order; later ones may need those of an earlier call. */
  public List<Diagnosis> examine(List<Step> steps) {
    List<Diagnosis> all = new ArrayList<>();
    for (Step step : steps) {
      Diagnosis diagnosis = examine(step);
      if (diagnosis.status() == Status.FAILED || diagnosis.status() == Status.SKIPPED) {
        bad.add(diagnosis.check());
      }
      watcher.accept(diagnosis);
      all.add(diagnosis);
    }
    return all;
  }

  private Diagnosis examine(Step step) {
    SetupCheck check = step.check();
    for (String needed : step.needs()) {
      if (bad.contains(needed)) {
        return new Diagnosis(
            check.name(), Status.SKIPPED, "not asked, because of: " + needed, null);
      }
    }
    FutureTask<Finding> question = new FutureTask<>(check.question()::get);
    // A thread that does not come back, of native code for instance, must not hold the process.
    Thread thread = new Thread(question, "check of " + check.name());
    thread.setDaemon(true);
    thread.start();
    try {
      Finding found = question.get(step.limit().toMillis(), TimeUnit.MILLISECONDS);
      return new Diagnosis(
          check.name(),
          found.good() ? Status.OK : Status.WARNING,
          found.text(),
          found.good() ? null : check.advice());
    } catch (ExecutionException e) {
      return new Diagnosis(
          check.name(), Status.FAILED, inWords.apply(e.getCause()), check.advice());
    } catch (TimeoutException e) {
      question.cancel(true);
      return new Diagnosis(
          check.name(),
          Status.FAILED,
          "no answer within " + step.limit().toSeconds() + " s",
          check.advice());
    } catch (InterruptedException e) {
      question.cancel(true);
      Thread.currentThread().interrupt();
      return new Diagnosis(check.name(), Status.FAILED, "interrupted", null);
    }
  }
}
