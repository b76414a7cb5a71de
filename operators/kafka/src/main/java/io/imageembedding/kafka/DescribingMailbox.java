// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.util.function.ThrowingRunnable;

/** A task's mailbox; what fails the task in it is described first. */
final class DescribingMailbox implements MailboxExecutor {
  private final MailboxExecutor mailbox;

  DescribingMailbox(MailboxExecutor mailbox) {
    this.mailbox = mailbox;
  }

  @Override
  public void execute(
      MailOptions options,
      ThrowingRunnable<? extends Exception> command,
      String description,
      Object... arguments) {
    mailbox.execute(
        options,
        () -> {
          try {
            command.run();
          } catch (Exception e) {
            throw TaskFailureException.of(e);
          }
        },
        description,
        arguments);
  }

  @Override
  public void yield() throws InterruptedException {
    mailbox.yield();
  }

  @Override
  public boolean tryYield() {
    return mailbox.tryYield();
  }

  @Override
  public boolean shouldInterrupt() {
    return mailbox.shouldInterrupt();
  }
}
