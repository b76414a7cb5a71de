// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** What somebody gets who mistypes: a cause, a guess, where to read on, and nothing else. */
class WrongUsageTest {
  @TempDir Path folder;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int embed(String... arguments) {
    return Embed.newCommandLine(new PrintWriter(out, true), new PrintWriter(err, true))
        .execute(arguments);
  }

  private List<String> lines() {
    return err.toString().lines().toList();
  }

  @ParameterizedTest
  @CsvSource({
    "'', 'embed: Missing command', , embed",
    "imgae x.png, embed: Unknown command: 'imgae', image, embed",
    "xyzzy, embed: Unknown command: 'xyzzy', , embed",
    "model inspekt builtin, embed: Unknown command: 'inspekt', inspect, embed model",
    "image --josn x.png, embed: Unknown option: '--josn', --json, embed image",
    "image --orientaton=apply x.png, embed: Unknown option: '--orientaton=apply', --orientation, embed image",
    "image -json x.png, embed: Unknown option: '-json', --json, embed image",
    "image --colour x.png, embed: Unknown option: '--colour', , embed image",
    "store verify lucene:x --sampel 5, embed: Unknown option: '--sampel', --sample, embed store verify",
  })
  void theCauseAGuessAndWhereToReadOn(String typed, String cause, String meant, String command) {
    assertThat(embed(typed.isEmpty() ? new String[0] : typed.split(" "))).isEqualTo(2);

    List<String> expected = new ArrayList<>(List.of(cause));
    if (meant != null) {
      expected.add("did you mean " + meant + "?");
    }
    expected.add(command + " --help says more");
    assertThat(lines()).isEqualTo(expected);
    assertThat(out.toString()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "store describe nosuch:x, there is no kind of store 'nosuch:'",
    "search --store lucene:x?nosuch=1 --id a, 'nosuch'",
    "search --store lucene:x --id a --filter shop, 'shop' is not of the form key=value",
    "search --store lucene:x --vector [1;2], --vector: it is no JSON",
    "search --store lucene:x --id a --image b, are mutually exclusive",
    "search --store lucene:x --id a --wait soon, --wait",
    "image --orientation sideways x.png, 'Invalid value for --orientation: ''sideways'' is not allowed; allowed: ignore or apply'",
    "image --image-max-bytes lots x.png, --image-max-bytes: 'lots' is not allowed",
    "image --sha256 12 x.png, --sha256: '12' is not allowed",
    "fine-tune --images x --output y --epochs 0, epochs",
    "model fetch x.zip --sha256 12, --sha256: '12' is not allowed",
    "model fetch x.zip --path --json, exclude each other",
    "read --topic t --bootstrap-servers localhost:1 --max 0, 'Invalid value for --max: 0'",
    "read --topic t --bootstrap-servers localhost:1 --format raw, '--format: raw; allowed: avro, confluent-avro, json'",
    "read --topic t --bootstrap-servers localhost:1 --property ssl.key.password=x, a secret is not written out",
    "publish --topic t --bootstrap-servers localhost:1 --partitions 0 x, 'Invalid value for --partitions: 0'",
    "job --create-topics 0, 'Invalid value for --create-topics: 0'",
    "job -D paralellism.default=2, the nearest is parallelism.default",
    "job -D parallelism.default=many, parallelism.default: 'many' is not allowed; allowed: a whole number",
    "job -D image-embedding.batch.max-cuont=2, the nearest is image-embedding.batch.max-count",
    "job --config nowhere.yaml, configuration file nowhere.yaml cannot be read",
    "index --store lucene:x --topic t --bootstrap-servers localhost:1 --orientation apply, Unused with --topic: --orientation",
    "index --store lucene:x --topic t --bootstrap-servers localhost:1 --replace, Unused with --topic: --replace",
  })
  void whatCannotBeMeantIsAWrongUsage(String typed, String cause) {
    assertThat(embed(typed.split(" "))).as(err.toString()).isEqualTo(2);
    assertThat(lines()).hasSize(2);
    assertThat(lines().get(0)).startsWith("embed: ").contains(cause);
    assertThat(lines().get(1)).endsWith(" --help says more");
  }

  @Test
  void everyCommandAnswersAnUnknownOptionInThreeLinesAtMost() {
    for (String command : commands("", Embed.newCommandLine(), new ArrayList<>())) {
      err.getBuffer().setLength(0);
      assertThat(embed((command + " --no-such-option-at-all").strip().split(" "))).isEqualTo(2);
      assertThat(lines()).as(command).hasSizeBetween(2, 3);
    }
  }

  private static List<String> commands(String path, CommandLine line, List<String> all) {
    all.add(path);
    line.getSubcommands().forEach((name, sub) -> commands(path + " " + name, sub, all));
    return all;
  }

  @ParameterizedTest
  @CsvSource({
    "image nowhere.png --model /nowhere, nowhere.png",
    "index nowhere --store lucene:STORE --model /nowhere, there is no file or folder nowhere",
    "search --store lucene:STORE --image nowhere.png --model /nowhere, nowhere.png",
    "search --store lucene:STORE --id a --html FILE/x/page.html --model /nowhere, --html: FILE/x/page.html cannot be written",
    "demo --output FILE/x --model /nowhere, --output: FILE/x cannot be written: FILE is no folder",
    "fine-tune --images FULL --output FILE/x --model /nowhere, --output: FILE/x cannot be written: FILE is no folder",
    "model export /nowhere --output FULL, --output: FULL cannot be written: it has to be new or empty",
    "model import /nowhere --output FULL/a/b, --output: FULL/a/b cannot be written: there is no folder FULL/a",
    "model import /nowhere --output FILE, --output: FILE cannot be written: FILE is no folder",
  })
  void whatIsKnownWithoutTheModelIsSaidBeforeItIsLooked(String typed, String cause)
      throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "x");
    Files.writeString(Files.createDirectory(folder.resolve("full")).resolve("x"), "x");
    String names =
        typed.replace("FILE", file.toString()).replace("FULL", folder.resolve("full").toString());

    int exitCode = embed(names.replace("STORE", folder.resolve("store").toString()).split(" "));

    assertThat(exitCode).as(err.toString()).isEqualTo(1);
    assertThat(err.toString() + out)
        .contains(
            cause
                .replace("FILE", file.toString())
                .replace("FULL", folder.resolve("full").toString()))
        .doesNotContain("/nowhere");
  }
}
