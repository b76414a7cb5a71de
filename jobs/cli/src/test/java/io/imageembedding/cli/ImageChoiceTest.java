// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.flink.EmbedOptions;
import io.imageembedding.image.DecodeLimits;
import io.imageembedding.image.Preprocessing;
import io.imageembedding.image.Preprocessing.JpegDecoding;
import io.imageembedding.image.Preprocessing.Orientation;
import io.imageembedding.jobs.JobConfiguration;
import java.time.Duration;
import java.util.Map;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

class ImageChoiceTest {

  @Command(name = "testing")
  private static final class TestingCommand {
    @Spec private CommandSpec spec;

    @ArgGroup(exclusive = false)
    private ImageChoice images = new ImageChoice();
  }

  private static TestingCommand parse(String... arguments) {
    TestingCommand command = new TestingCommand();
    new CommandLine(command).parseArgs(arguments);
    return command;
  }

  @Test
  void nothingGivenIsWhatTheJobHasByDefault() {
    TestingCommand command = parse();

    assertThat(command.images.preprocessing(command.spec)).isEqualTo(Preprocessing.REFERENCE);
    assertThat(command.images.limits(command.spec)).isEqualTo(DecodeLimits.DEFAULT);
    assertThat(command.images.jobOptions()).isEmpty();
  }

  @Test
  void theJobIsToldTheSameThatTheCommandDoes() {
    TestingCommand command =
        parse(
            "--orientation=apply",
            "--jpeg-decoding=scaled",
            "--image-max-bytes=1mb",
            "--image-max-width=11",
            "--image-max-height=12",
            "--image-max-pixels=13",
            "--image-max-frames=14",
            "--image-max-time=15 s");

    Preprocessing preprocessing = command.images.preprocessing(command.spec);
    DecodeLimits limits = command.images.limits(command.spec);
    assertThat(preprocessing).isEqualTo(new Preprocessing(Orientation.APPLY, JpegDecoding.SCALED));
    assertThat(limits).isEqualTo(new DecodeLimits(1 << 20, 11, 12, 13, 14, Duration.ofSeconds(15)));
    Configuration config = JobConfiguration.load(null, command.images.jobOptions());
    assertThat(EmbedOptions.preprocessing(config)).isEqualTo(preprocessing);
    assertThat(EmbedOptions.decodeLimits(config)).isEqualTo(limits);
  }

  @ParameterizedTest
  @ValueSource(strings = {"demo", "image", "index", "search", "serve"})
  void everyCommandThatEmbedsTakesEveryImageOptionOfTheJobInAGroupOfItsHelp(String name) {
    CommandLine command = Embed.newCommandLine().getSubcommands().get(name);
    Map<String, ?> options = command.getCommandSpec().optionsMap();

    for (ConfigOption<?> option : EmbedOptions.all()) {
      String key = option.key().substring("image-embedding.".length());
      if (key.startsWith("image.")) {
        String simple = key.substring("image.".length());
        assertThat(options.keySet()).containsAnyOf("--" + simple, "--image-" + simple);
      }
    }
    assertThat(command.getUsageMessage())
        .containsSubsequence("The model:", "--model=", "The images:", "--orientation=");
  }
}
