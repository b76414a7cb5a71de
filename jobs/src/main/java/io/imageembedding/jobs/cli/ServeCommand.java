// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs.cli;

import io.imageembedding.jobs.serve.PageServer;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
    name = "serve",
    mixinStandardHelpOptions = true,
    description =
        "A page for the browser, until Ctrl-C: pictures as they arrive in a store, and the nearest"
            + " of one that is clicked, dropped, pasted or chosen.")
final class ServeCommand implements Callable<Integer> {
  static final String LOCAL = "127.0.0.1";
  private static final int MAX_PORT = 65_535;

  @Spec private CommandSpec spec;

  @Mixin private ModelChoice model;

  @Mixin private StoreChoice store;

  @Mixin private ImageSourceChoice images;

  @Option(
      names = "--port",
      paramLabel = "N",
      defaultValue = "8090",
      description = "Port to listen to, 0 for any that is free. Default: ${DEFAULT-VALUE}.")
  private int port;

  @Option(
      names = "--bind",
      paramLabel = "ADDRESS",
      defaultValue = LOCAL,
      description =
          "Address or name to listen to; 0.0.0.0 for all, which shows the pictures to everybody who"
              + " can reach this machine. Default: ${DEFAULT-VALUE}.")
  private String bind;

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (port < 0 || port > MAX_PORT) {
      throw new ParameterException(
          spec.commandLine(), "Invalid value for --port: " + port + "; allowed: 0 to " + MAX_PORT);
    }
    InetSocketAddress address = new InetSocketAddress(bind, port);
    if (address.isUnresolved()) {
      throw new CommandFailure("--bind: there is no address '" + bind + "'");
    }
    PageServer page = start(address);
    Runtime.getRuntime().addShutdownHook(new Thread(page::close, "close page"));
    spec.commandLine().getOut().println(page.address());
    spec.commandLine().getErr().println("Ctrl-C ends it");
    new CountDownLatch(1).await();
    return ExitCode.OK;
  }

  private PageServer start(InetSocketAddress address) throws IOException {
    try {
      return PageServer.start(store.toString(), images.open(spec), model.source(), address);
    } catch (BindException e) {
      throw new CommandFailure(
          "--port: %s:%d cannot be listened to: %s".formatted(bind, port, e.getMessage()), e);
    }
  }
}
