// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.flink.EmbedOptions;
import io.imageembedding.jobs.JobConfiguration;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelOptions;
import io.imageembedding.model.ModelOutput;
import io.imageembedding.model.ModelSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.configuration.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

class ModelChoiceTest {
  @TempDir Path folder;

  @Command(name = "testing")
  private static final class TestingCommand {
    @Spec private CommandSpec spec;

    @ArgGroup(exclusive = false)
    private ModelChoice model = new ModelChoice();

    private ModelSource source() {
      return model.source(spec);
    }

    private int topK() {
      return model.topK(spec);
    }
  }

  @Test
  void nothingGivenIsTheBuiltinModelWithTheJobsDefaults() {
    TestingCommand choice = parse();

    assertThat(choice.source()).isEqualTo(ModelSource.parse("builtin"));
    assertThat(choice.topK()).isEqualTo(5);
    assertThat(choice.model.jobOptions())
        .containsExactlyEntriesOf(Map.of("image-embedding.model", "builtin"));
  }

  @Test
  void theJobIsToldTheSameModelThatTheCommandTakes() throws IOException {
    Path labels = Files.writeString(folder.resolve("labels.txt"), "cat\ndog\n");
    TestingCommand choice =
        parse(
            ("--model /models/mine --signature s --input-name i --output-name o --input-size 96"
                    + " --model-output logits --top-k 3 --allow-operations Print,Foo>Bar --labels "
                    + labels
                    + " --sha256 "
                    + "ab".repeat(32))
                .split(" "));

    assertThat(choice.source())
        .isEqualTo(
            ModelSource.parse(
                "/models/mine",
                ModelOptions.builder()
                    .signature("s")
                    .input("i")
                    .output("o")
                    .inputSize(96)
                    .modelOutput(ModelOutput.LOGITS)
                    .labels(List.of("cat", "dog"))
                    .sha256("ab".repeat(32))
                    .allowedOperations(Set.of("Print", "Foo>Bar"))
                    .build()));
    Configuration config = JobConfiguration.load(null, choice.model.jobOptions());
    assertThat(EmbedOptions.model(config)).isEqualTo(choice.source());
    assertThat(EmbedOptions.topK(config)).isEqualTo(3).isEqualTo(choice.topK());
  }

  @ParameterizedTest
  @CsvSource({
    "--input-size, 7, a whole number from 32 to 4096",
    "--model-output, both, features or logits",
    "--sha256, 12, 64 hex digits",
    "--allow-operations, a/b, 'names of TensorFlow operations, separated by semicolons'",
  })
  void aWrongValueIsRefusedByTheNameThatItHasHere(String name, String value, String allowed) {
    assertThatThrownBy(() -> parse(name, value).source())
        .isInstanceOf(ParameterException.class)
        .hasMessage(
            "Invalid value for " + name + ": '" + value + "' is not allowed; allowed: " + allowed);
  }

  @Test
  void aWrongNumberOfClassesIsRefusedByTheNameThatItHasHere() {
    assertThatThrownBy(() -> parse("--top-k", "0").topK())
        .isInstanceOf(ParameterException.class)
        .hasMessage(
            "Invalid value for --top-k: '0' is not allowed; allowed: a whole number from 1 to 1000");
  }

  @Test
  void labelsThatCannotBeReadAreNamed() {
    assertThatThrownBy(() -> parse("--labels", "nowhere.txt").source())
        .isInstanceOf(ModelException.class)
        .hasMessage("labels file nowhere.txt cannot be read");
  }

  @ParameterizedTest
  @ValueSource(strings = {"image", "demo"})
  void theHelpOfEveryCommandThatTakesAModelListsEveryKindOfSource(String command) {
    String help =
        Embed.newCommandLine()
            .getSubcommands()
            .get(command)
            .getUsageMessage()
            .replaceAll("\\s+", "");

    assertThat(help)
        .contains(ModelSource.FORMS.replaceAll("\\s+", ""))
        .contains("--allow-operations");
  }

  private static TestingCommand parse(String... arguments) {
    TestingCommand command = new TestingCommand();
    new CommandLine(command).parseArgs(arguments);
    return command;
  }
}
