// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.tensorflow;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Calls what starts threads that outlive a job, those of JNA and JavaCPP. A thread keeps the
 * protection domains of all classes on the stack on which it was made, and with them the class
 * loader of a job for as long as the process lives. So the call is made by a thread of the JDK's
 * common pool, and between that and what is called there are classes of the JDK only.
 */
final class OutsideOfJobs {
  private static final int SECONDS = 60;

  private OutsideOfJobs() {}

  /**
   * Calls a method of no arguments, whose class is none of a job.
   *
   * @throws LinkageError if its class or what it calls cannot be loaded
   */
  static Object call(MethodHandle method) {
    @SuppressWarnings("unchecked")
    Callable<Object> callable = MethodHandleProxies.asInterfaceInstance(Callable.class, method);
    FutureTask<Object> task = new FutureTask<>(callable);
    if (ForkJoinPool.getCommonPoolParallelism() < 1) {
      task.run();
    } else {
      ForkJoinPool.commonPool().execute(task);
    }
    try {
      return task.get(SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw new IllegalStateException(e.getCause());
    } catch (TimeoutException e) {
      throw new IllegalStateException(method + " does not return", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted in " + method, e);
    }
  }
}
