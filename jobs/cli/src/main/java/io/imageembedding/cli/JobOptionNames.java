// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import io.imageembedding.flink.InvalidOptionException;
import java.util.Map;
import java.util.function.Function;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ReadableConfig;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/**
 * Options of commands that stand for one of the job's options each, which says what is allowed.
 *
 * @param byName of the command's option
 */
record JobOptionNames(Map<String, ConfigOption<?>> byName) {

  /** Adds what was given to options of the job. */
  void put(String name, String given, Map<String, String> options) {
    if (given != null) {
      options.put(byName.get(name).key(), given);
    }
  }

  /**
   * Reads options of the job.
   *
   * @throws ParameterException naming the command's option, value and what is allowed
   */
  <T> T read(CommandSpec command, Map<String, String> options, Function<ReadableConfig, T> reader) {
    try {
      return reader.apply(Configuration.fromMap(options));
    } catch (InvalidOptionException e) {
      throw new ParameterException(command.commandLine(), inOurNames(e.getMessage()), e);
    }
  }

  /** The message with the name that the option has here instead of the job's. */
  private String inOurNames(String message) {
    return byName.entrySet().stream()
        .filter(option -> message.startsWith(option.getValue().key() + ": "))
        .map(
            option ->
                "Invalid value for "
                    + option.getKey()
                    + message.substring(option.getValue().key().length()))
        .findFirst()
        .orElse(message);
  }
}
