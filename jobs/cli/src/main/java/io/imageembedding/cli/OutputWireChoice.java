// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import io.imageembedding.cli.topic.TopicReader;
import io.imageembedding.schema.DeadLetterReader;
import io.imageembedding.schema.WireFormat;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** How the messages of a topic of embeddings or dead letters are written. */
final class OutputWireChoice extends WireChoice {

  @Option(names = "--format", description = "avro, confluent-avro or json. Default: avro.")
  private String format = WireFormat.AVRO.key();

  /**
   * A reader of dead letters in the chosen format.
   *
   * @throws ParameterException if the choice cannot be one
   */
  DeadLetterReader deadLetters(CommandSpec spec) {
    WireFormat wire = format(spec, format, WireFormat.outputs());
    return new DeadLetterReader(wire, registry(spec, wire));
  }

  /**
   * A reader of embeddings and dead letters in the chosen format.
   *
   * @throws ParameterException if the choice cannot be one
   */
  TopicReader reader(CommandSpec spec) {
    WireFormat wire = format(spec, format, WireFormat.outputs());
    return new TopicReader(wire, registry(spec, wire));
  }
}
