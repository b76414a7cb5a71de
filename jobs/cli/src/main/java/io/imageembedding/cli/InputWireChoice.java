// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import io.imageembedding.cli.page.ImageSource;
import io.imageembedding.schema.WireFormat;
import java.util.Properties;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** How the messages of a topic of images are written. */
final class InputWireChoice extends WireChoice {

  @Option(names = "--format", description = "avro, confluent-avro or raw. Default: avro.")
  private String format = WireFormat.AVRO.key();

  /**
   * Images in messages of the chosen format.
   *
   * @throws ParameterException if the choice cannot be one
   */
  ImageSource images(CommandSpec spec, Properties clientProperties) {
    WireFormat wire = format(spec, format, WireFormat.inputs());
    return ImageSource.messages(clientProperties, wire, registry(spec, wire));
  }
}
