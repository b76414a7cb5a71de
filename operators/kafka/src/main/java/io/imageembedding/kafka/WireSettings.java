// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import io.imageembedding.flink.InvalidOptionException;
import io.imageembedding.flink.Options;
import io.imageembedding.schema.SchemaRegistry;
import io.imageembedding.schema.WireFormat;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ReadableConfig;

/**
 * Wire formats of input and output and what they need; travels with the job, without any secret.
 *
 * @param registryUrl null where no format needs it
 * @param credentialsFile null for a registry without credentials
 */
record WireSettings(WireFormat input, WireFormat output, String registryUrl, String credentialsFile)
    implements Serializable {

  static WireSettings of(ReadableConfig config) {
    WireFormat input = format(config, KafkaOptions.INPUT_FORMAT, WireFormat.inputs());
    WireFormat output = format(config, KafkaOptions.OUTPUT_FORMAT, WireFormat.outputs());
    String url = config.get(KafkaOptions.SCHEMA_REGISTRY_URL);
    if (input.needsRegistry() || output.needsRegistry()) {
      WireFormat needing = input.needsRegistry() ? input : output;
      String key = KafkaOptions.SCHEMA_REGISTRY_URL.key();
      if (url == null) {
        throw new InvalidOptionException(
            key + " is not set; needed: wire format " + needing.key() + " has a schema registry");
      }
      try {
        SchemaRegistry.requireAddress(url);
      } catch (IllegalArgumentException e) {
        throw new InvalidOptionException(key + ": " + e.getMessage());
      }
    }
    return new WireSettings(
        input, output, url, config.get(KafkaOptions.SCHEMA_REGISTRY_CREDENTIALS_FILE));
  }

  private static WireFormat format(
      ReadableConfig config, ConfigOption<String> option, List<WireFormat> allowed) {
    return WireFormat.parse(
        Options.get(
            config,
            option,
            key -> allowed.stream().anyMatch(format -> format.key().equals(key)),
            WireFormat.keys(allowed)));
  }

  /** A client of the registry, or null if the format needs none. */
  SchemaRegistry registry(WireFormat format) throws IOException {
    return format.needsRegistry() ? registry() : null;
  }

  private SchemaRegistry registry() throws IOException {
    return new SchemaRegistry(
        registryUrl, credentialsFile == null ? null : Files.readString(Path.of(credentialsFile)));
  }

  /** Whether the registry answers, where a format needs one. */
  Optional<SetupCheck> registryCheck() {
    if (!input.needsRegistry() && !output.needsRegistry()) {
      return Optional.empty();
    }
    return Optional.of(
        new SetupCheck(
            "schema registry",
            "start it, or set "
                + KafkaOptions.SCHEMA_REGISTRY_URL.key()
                + " and "
                + KafkaOptions.SCHEMA_REGISTRY_CREDENTIALS_FILE.key(),
            () -> {
              try {
                registry().requireAnswer();
                return SetupCheck.Finding.good(registryUrl);
              } catch (NoSuchFileException e) {
                throw new KafkaSetupException("there is no file " + e.getMessage(), e);
              } catch (IOException e) {
                throw new KafkaSetupException(e.getMessage(), e);
              }
            }));
  }

  /** About how many bytes an embedding takes in the output format, with room for id and names. */
  int bytesOfAnEmbedding(int dimension) {
    return output.bytesOfAnEmbedding(dimension);
  }
}
