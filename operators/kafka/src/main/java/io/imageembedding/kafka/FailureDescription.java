// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import io.imageembedding.safety.Printable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.apache.flink.annotation.Internal;
import org.apache.flink.util.SerializedThrowable;

/**
 * Says in one line why a job failed. Of a chain of exceptions it takes the one that a person needs:
 * one of this project, which is written for people; or else the innermost of Kafka's that is known,
 * with what it means here; or one of Flink's that stands for a lost process; or else the root.
 *
 * <p>It knows exceptions by the names of their classes, so it reads what came from another process
 * as well, where the classes are not at hand.
 */
@Internal
public final class FailureDescription {
  private static final int MAX_LENGTH = 1000;
  private static final int MAX_DEPTH = 100;
  private static final String OURS = "io.imageembedding.";
  private static final String KAFKAS = "org.apache.kafka.";

  private static final String REFUSED = "Kafka refuses the access: ";
  private static final String UNKNOWN_USER = "Kafka does not take the job's credentials: ";
  private static final String FENCED =
      "another producer has taken over the transactions of this job, as a second job does that has"
          + " the same name (pipeline.name) or transactional ids, or restores its state: ";
  private static final String LOST = "a TaskManager was lost; its own log says why: ";

  /** By the simple name of Kafka's class: what stands before its message. */
  private static final Map<String, String> KAFKA =
      Map.ofEntries(
          Map.entry("TimeoutException", "no Kafka broker answered in time: "),
          Map.entry("DisconnectException", "a Kafka broker closed the connection: "),
          Map.entry("NetworkException", "a Kafka broker closed the connection: "),
          Map.entry("BrokerNotAvailableException", "a Kafka broker is away: "),
          Map.entry("NotEnoughReplicasException", "too few replicas of a topic are in sync: "),
          Map.entry(
              "NotEnoughReplicasAfterAppendException", "too few replicas of a topic are in sync: "),
          Map.entry("ProducerFencedException", FENCED),
          Map.entry("InvalidProducerEpochException", FENCED),
          Map.entry("FencedInstanceIdException", FENCED),
          Map.entry("InvalidTxnStateException", "a transaction was ended by the broker: "),
          Map.entry("TransactionAbortedException", "a transaction was aborted: "),
          Map.entry(
              "InvalidPidMappingException",
              "the brokers no longer know a transactional id of this job"
                  + " (transactional.id.expiration.ms): "),
          Map.entry("TopicAuthorizationException", REFUSED),
          Map.entry("GroupAuthorizationException", REFUSED),
          Map.entry("ClusterAuthorizationException", REFUSED),
          Map.entry("TransactionalIdAuthorizationException", REFUSED),
          Map.entry("SaslAuthenticationException", UNKNOWN_USER),
          Map.entry("SslAuthenticationException", UNKNOWN_USER),
          Map.entry(
              "RecordTooLargeException",
              "a message is larger than its topic takes (max.message.bytes): "),
          Map.entry(
              "RecordBatchTooLargeException",
              "messages are larger than their topic takes (max.message.bytes): "),
          Map.entry("UnknownTopicOrPartitionException", "a topic or partition is gone: "),
          Map.entry("UnknownTopicIdException", "a topic was deleted and made anew: "),
          Map.entry("InvalidTopicException", "there cannot be such a topic: "),
          Map.entry(
              "OffsetOutOfRangeException", "messages were deleted before they could be read: "),
          Map.entry("NoOffsetForPartitionException", "it is not known where to begin to read: "));

  private FailureDescription() {}

  /** The failure in one line of at most {@value #MAX_LENGTH} characters. */
  public static String of(Throwable failure) {
    List<Link> chain = chain(failure);
    return ours(chain).or(() -> kafkas(chain)).or(() -> flinks(chain)).orElseGet(() -> root(chain));
  }

  /** The text in one line of at most {@value #MAX_LENGTH} characters. */
  public static String line(String text) {
    String line = Printable.line(text.strip().replaceAll("\\s*\\R\\s*", " "));
    return line.length() <= MAX_LENGTH ? line : line.substring(0, MAX_LENGTH) + "…";
  }

  private static Optional<String> ours(List<Link> chain) {
    return first(chain, link -> link.type().startsWith(OURS) && !link.message().isBlank())
        .map(link -> line(link.message()));
  }

  /** What it means comes from the innermost, which often names no topic; the outermost does. */
  private static Optional<String> kafkas(List<Link> chain) {
    List<Link> kafkas = chain.stream().filter(Link::isKafkas).toList();
    List<Link> innermostFirst = new ArrayList<>(kafkas);
    Collections.reverse(innermostFirst);
    return first(innermostFirst, link -> KAFKA.containsKey(link.simpleType()))
        .map(link -> KAFKA.get(link.simpleType()) + withOutermost(link, kafkas.get(0)))
        .or(() -> first(innermostFirst, link -> true).map(Link::described))
        .map(FailureDescription::line);
  }

  private static String withOutermost(Link known, Link outermost) {
    return outermost.message().isBlank() || outermost.message().contains(known.message())
        ? known.message()
        : known.message() + " (" + outermost.message() + ")";
  }

  private static Optional<String> flinks(List<Link> chain) {
    for (Link link : chain) {
      if (link.message().contains("The TaskExecutor is shutting down")
          || link.message().startsWith("Heartbeat of TaskManager")
          || link.simpleType().equals("RemoteTransportException")) {
        return Optional.of(line(LOST + link.message()));
      }
      if (link.simpleType().equals("NoResourceAvailableException")) {
        return Optional.of(line("the cluster has too few free task slots: " + link.message()));
      }
      if (link.simpleType().equals("OutOfMemoryError")) {
        return Optional.of(line("out of memory: " + link.message()));
      }
    }
    return Optional.empty();
  }

  private static String root(List<Link> chain) {
    Link root = chain.get(chain.size() - 1);
    return root.simpleType().equals("NoSuchFileException")
        ? "there is no file " + root.message()
        : root.described();
  }

  private static Optional<Link> first(List<Link> chain, Predicate<Link> wanted) {
    return chain.stream().filter(wanted).findFirst();
  }

  private static List<Link> chain(Throwable failure) {
    List<Link> chain = new ArrayList<>();
    for (Throwable at = failure; at != null && chain.size() < MAX_DEPTH; at = at.getCause()) {
      chain.add(Link.of(at));
    }
    return chain;
  }

  /** One exception of a chain, by the name of its class and with its own message. */
  private record Link(String type, String message) {

    static Link of(Throwable failure) {
      String message = failure.getMessage() == null ? "" : failure.getMessage();
      if (failure instanceof SerializedThrowable serialized) {
        String type = serialized.getOriginalErrorClassName();
        return new Link(
            type,
            message.startsWith(type + ": ")
                ? message.substring(type.length() + 2)
                : message.equals(type) ? "" : message);
      }
      return new Link(failure.getClass().getName(), message);
    }

    String simpleType() {
      return type.substring(Math.max(type.lastIndexOf('.'), type.lastIndexOf('$')) + 1);
    }

    boolean isKafkas() {
      return type.startsWith(KAFKAS);
    }

    String described() {
      return line(message.isBlank() ? simpleType() : simpleType() + ": " + message);
    }
  }
}
