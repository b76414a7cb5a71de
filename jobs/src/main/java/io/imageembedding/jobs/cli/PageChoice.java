// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs.cli;

import io.imageembedding.jobs.serve.ImageSource;
import io.imageembedding.jobs.serve.PageServer;
import io.imageembedding.model.ModelSource;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Options by which a command is told where its page is. */
final class PageChoice {
  private static final int MAX_PORT = 65_535;

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
              + " everybody who can reach this machine. Default: ${DEFAULT-VALUE}.")
  private String bind;

  /** Starts the page. */
  PageServer start(CommandSpec spec, String store, ImageSource images, ModelSource model)
      throws IOException {
    if (port < 0 || port > MAX_PORT) {
      throw new ParameterException(
          spec.commandLine(), "Invalid value for --port: " + port + "; allowed: 0 to " + MAX_PORT);
    }
    InetSocketAddress address = new InetSocketAddress(bind, port);
    if (address.isUnresolved()) {
      throw new CommandFailure("--bind: there is no address '" + bind + "'");
    }
    try {
      return PageServer.start(store, images, model, address);
    } catch (BindException e) {
      throw new CommandFailure(
          "--port: %s:%d cannot be listened to: %s".formatted(bind, port, e.getMessage()), e);
    }
  }
}
