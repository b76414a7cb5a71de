// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import io.imageembedding.cli.page.PageServer;
import io.imageembedding.cli.page.QueryModel;
import io.imageembedding.vectorstore.OpenMode;
import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
    name = "serve",
    mixinStandardHelpOptions = true,
    description =
        "A page for the browser, until Ctrl-C: pictures as they arrive in a store, and the nearest"
            + " of one that is clicked, dropped, pasted or chosen.")
final class ServeCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @ArgGroup(exclusive = false, heading = ModelDetails.HEADING)
  private ModelChoice model = new ModelChoice();

  @ArgGroup(exclusive = false, heading = ImageChoice.HEADING)
  private ImageChoice decoding = new ImageChoice();

  @Mixin private StoreChoice store;

  @Mixin private ImageSourceChoice images;

  @Mixin private PageChoice choice;

  @Override
  public Integer call() throws IOException, InterruptedException {
    QueryModel query = decoding.query(spec, model.source(spec));
    store.open(OpenMode.read()).close();
    PageServer page =
        choice.start(spec, store.toString(), images.open(spec, store.toString()), query);
    Runtime.getRuntime().addShutdownHook(new Thread(page::close, "close page"));
    spec.commandLine().getOut().println(page.address());
    choice.warning().ifPresent(spec.commandLine().getErr()::println);
    spec.commandLine().getErr().println("Ctrl-C ends it");
    new CountDownLatch(1).await();
    return ExitCode.OK;
  }
}
