// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import io.imageembedding.cli.output.CommandFailure;
import io.imageembedding.cli.page.ImageSource;
import io.imageembedding.cli.page.PageServer;
import io.imageembedding.cli.page.QueryModel;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Options by which a command is told where its page is. */
final class PageChoice {
  private static final int MAX_PORT = 65_535;
  private static final int LEAST_CHARACTERS = 16;

  /** What needs no encoding in an address. */
  private static final Pattern TOKEN =
      Pattern.compile("[A-Za-z0-9_-]{" + LEAST_CHARACTERS + ",200}");

  @Option(
      names = "--port",
      paramLabel = "N",
      defaultValue = "8090",
      description = "Port of the page, 0 for any that is free. Default: ${DEFAULT-VALUE}.")
  private int port;

  @Option(
      names = "--bind",
      paramLabel = "ADDRESS",
      defaultValue = "127.0.0.1",
      description =
          "Address or name that the page is at; 0.0.0.0 for all, which shows the pictures to"
              + " everybody who can reach this machine and knows the token. Default:"
              + " ${DEFAULT-VALUE}.")
  private String bind;

  @Option(
      names = "--token-file",
      paramLabel = "FILE",
      description =
          "File with the token that visitors show once, as http://…/?token=TOKEN, or in"
              + " 'Authorization: Bearer TOKEN'. Needed with --bind beyond this machine.")
  private Path tokenFile;

  @Option(
      names = "--token-env",
      paramLabel = "NAME",
      description = "Environment variable with the token, instead of a file.")
  private String tokenVariable;

  /** Starts the page. */
  PageServer start(CommandSpec spec, String store, ImageSource images, QueryModel model)
      throws IOException {
    if (port < 0 || port > MAX_PORT) {
      throw new ParameterException(
          spec.commandLine(), "Invalid value for --port: " + port + "; allowed: 0 to " + MAX_PORT);
    }
    InetSocketAddress address = new InetSocketAddress(bind, port);
    if (address.isUnresolved()) {
      throw new CommandFailure("--bind: there is no address '" + bind + "'");
    }
    Optional<String> token = token(spec);
    if (!address.getAddress().isLoopbackAddress() && token.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(),
          "--bind: "
              + bind
              + " shows the pictures to everybody who can reach this machine; needed: --token-file"
              + " FILE or --token-env NAME");
    }
    try {
      return PageServer.start(store, images, model, address, token);
    } catch (BindException e) {
      throw new CommandFailure(
          "--port: %s:%d cannot be listened to: %s".formatted(bind, port, e.getMessage()), e);
    }
  }

  /** What a person should know who shows the page to others. */
  Optional<String> warning() {
    return new InetSocketAddress(bind, port).getAddress().isLoopbackAddress()
        ? Optional.empty()
        : Optional.of(
            "every machine that reaches this one can open it with the token, and what is sent is"
                + " not encrypted");
  }

  private Optional<String> token(CommandSpec spec) throws IOException {
    if (tokenFile != null && tokenVariable != null) {
      throw new ParameterException(
          spec.commandLine(), "--token-file and --token-env exclude each other");
    }
    if (tokenFile == null && tokenVariable == null) {
      return Optional.empty();
    }
    if (tokenFile != null && !Files.isReadable(tokenFile)) {
      throw new CommandFailure("--token-file: " + tokenFile + " cannot be read");
    }
    String name =
        tokenFile == null ? "--token-env: " + tokenVariable : "--token-file: " + tokenFile;
    String token =
        tokenFile == null ? System.getenv(tokenVariable) : Files.readString(tokenFile).strip();
    if (token == null || !TOKEN.matcher(token).matches()) {
      throw new CommandFailure(
          name
              + " holds no token; allowed: from "
              + LEAST_CHARACTERS
              + " letters, digits, - and _");
    }
    return Optional.of(token);
  }
}
