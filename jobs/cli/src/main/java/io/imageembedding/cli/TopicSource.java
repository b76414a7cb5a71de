// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** Options by which a command is told a topic of embeddings. */
final class TopicSource {

  @Option(
      names = "--topic",
      required = true,
      description = "Topic of embeddings, as the job writes it.")
  private String topic;

  @ArgGroup(exclusive = false, multiplicity = "1")
  private KafkaConnection connection;

  @ArgGroup(exclusive = false)
  private OutputWireChoice wire = new OutputWireChoice();

  @Option(
      names = "--follow",
      description = "Go on with what comes into the topic later, until Ctrl-C.")
  private boolean follow;

  String topic() {
    return topic;
  }

  KafkaConnection connection() {
    return connection;
  }

  OutputWireChoice wire() {
    return wire;
  }

  boolean follow() {
    return follow;
  }
}
