// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import io.imageembedding.flink.NoRestartException;
import io.imageembedding.kafka.TransactionLookup.Finding;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.flink.connector.kafka.sink.internal.KafkaCommitter;
import org.apache.flink.connector.kafka.sink.internal.TransactionFinished;
import org.apache.flink.metrics.Counter;
import org.apache.kafka.common.errors.InvalidPidMappingException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Commits by the connector's committer what is open, and tells what was committed before from what
 * was lost, which looks the same to the connector. Its close never throws.
 */
final class GuardedCommitter implements Committer<SentTransaction> {
  private static final Logger LOG = LoggerFactory.getLogger(GuardedCommitter.class);

  private final SinkSettings settings;
  private final Committer<KafkaCommittable> committer;
  private final Counter lost;
  private final Counter aborted;

  /**
   * @param lost counts transactions whose records are lost
   * @param aborted counts those that are found open behind a committed one, and are aborted
   */
  GuardedCommitter(
      SinkSettings settings, Committer<KafkaCommittable> committer, Counter lost, Counter aborted) {
    this.settings = settings;
    this.committer = committer;
    this.lost = lost;
    this.aborted = aborted;
  }

  /**
   * Commits them.
   *
   * @throws NoRestartException if one is lost, unless the job goes on then
   * @throws IOException if it cannot be known now what became of one
   */
  @Override
  public void commit(Collection<CommitRequest<SentTransaction>> requests)
      throws IOException, InterruptedException {
    List<Uncommitted> open = new ArrayList<>();
    List<CommitRequest<SentTransaction>> restored = new ArrayList<>();
    for (CommitRequest<SentTransaction> request : requests) {
      if (request.getCommittable().isRestored()) {
        restored.add(request);
      } else {
        open.add(new Uncommitted(request));
      }
    }
    List<String> losses = new ArrayList<>();
    if (!restored.isEmpty()) {
      try (TransactionLookup lookup = new TransactionLookup(settings.clients(), aborted)) {
        for (CommitRequest<SentTransaction> request : restored) {
          if (!isSettled(request, lookup, losses)) {
            open.add(new Uncommitted(request));
          }
        }
      }
    }
    committer.commit(List.copyOf(open));
    List<Uncommitted> failed = open.stream().filter(request -> request.failure != null).toList();
    if (!failed.isEmpty()) {
      try (TransactionLookup lookup = new TransactionLookup(settings.clients(), aborted)) {
        for (Uncommitted request : failed) {
          if (!isSettled(request.request, lookup, losses)) {
            request.request.signalFailedWithUnknownReason(request.failure);
          }
        }
      }
    }
    if (!losses.isEmpty() && settings.lost() == KafkaOptions.LostTransactions.FAIL) {
      throw new NoRestartException(
          String.join("; ", losses)
              + ". The job fails for good. An older checkpoint has the images of it still before"
              + " it; "
              + KafkaOptions.LOST_TRANSACTIONS.key()
              + ": continue goes on from here without them");
    }
  }

  /** Whether nothing is left to be committed of it. */
  private boolean isSettled(
      CommitRequest<SentTransaction> request, TransactionLookup lookup, List<String> losses)
      throws IOException, InterruptedException {
    SentTransaction transaction = request.getCommittable();
    Finding finding = lookup.find(transaction);
    switch (finding.fate()) {
      case OPEN -> {
        return false;
      }
      case COMMITTED -> {
        LOG.info("Transaction {} was committed before: {}", transaction.id(), finding.why());
        finished(transaction.id());
        request.signalAlreadyCommitted();
      }
      case ABORTED, UNKNOWN -> {
        lost.inc();
        String loss = describe(transaction, finding);
        losses.add(loss);
        LOG.error("{}", loss);
        finished(transaction.id());
        request.signalFailedWithKnownReason(new IOException(loss));
      }
    }
    return true;
  }

  private String describe(SentTransaction transaction, Finding finding) {
    String transactionOf =
        "transaction '"
            + transaction.id()
            + "' (producer "
            + transaction.committable().getProducerId()
            + ", epoch "
            + transaction.committable().getEpoch()
            + ") with messages for topic '"
            + settings.topic()
            + "' ";
    return finding.fate() == TransactionLookup.Fate.ABORTED
        ? transactionOf + "is lost: " + finding.why()
        : transactionOf + "may be lost, which cannot be told: " + finding.why();
  }

  /** Tells the writer that it may use the id again. */
  private void finished(String id) {
    if (committer instanceof KafkaCommitter connectors) {
      connectors.getBackchannel().send(TransactionFinished.successful(id));
    }
  }

  @Override
  public void close() {
    QuietClose.of(committer, "a Kafka committer");
  }

  /** A request as the connector's committer sees it, whose failures are looked into first. */
  private static final class Uncommitted implements CommitRequest<KafkaCommittable> {
    private final CommitRequest<SentTransaction> request;
    private Throwable failure;

    private Uncommitted(CommitRequest<SentTransaction> request) {
      this.request = request;
    }

    @Override
    public KafkaCommittable getCommittable() {
      return request.getCommittable().committable();
    }

    @Override
    public int getNumberOfRetries() {
      return request.getNumberOfRetries();
    }

    @Override
    public void signalFailedWithKnownReason(Throwable thrown) {
      failure = thrown;
    }

    @Override
    public void signalFailedWithUnknownReason(Throwable thrown) {
      if (!(thrown instanceof InvalidPidMappingException)) {
        request.signalFailedWithUnknownReason(thrown);
      }
      failure = thrown;
    }

    @Override
    public void retryLater() {
      request.retryLater();
    }

    @Override
    public void updateAndRetryLater(KafkaCommittable committable) {
      request.updateAndRetryLater(
          new SentTransaction(committable, request.getCommittable().record()));
    }

    @Override
    public void signalAlreadyCommitted() {
      request.signalAlreadyCommitted();
    }

    @Override
    public String toString() {
      return request.toString();
    }
  }
}
