// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.safety;

import io.imageembedding.annotation.Internal;
import java.io.IOException;
import java.net.ServerSocket;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Ports for servers that are started on this machine.
 *
 * <p>A port is free when it is looked at, and a server takes it a while later. So that nobody else
 * does in between, ports lie below those that systems give to clients and to whoever asks for port
 * 0 (Linux: 32768 and up, {@code net.ipv4.ip_local_port_range}), no port is given out twice, and
 * each process begins elsewhere.
 */
@Internal
public final class FreePort {
  private static final int FIRST = 20_000;
  private static final int COUNT = 12_000;
  private static final int APART = 7_919;
  private static final AtomicInteger NEXT =
      new AtomicInteger((int) (ProcessHandle.current().pid() * APART % COUNT));

  private FreePort() {}

  /**
   * A port that nothing listens at, at any address of this machine.
   *
   * @throws IOException none of them is free
   */
  public static int find() throws IOException {
    for (int tried = 0; tried < COUNT; tried++) {
      int port = FIRST + Math.floorMod(NEXT.getAndIncrement(), COUNT);
      if (isFree(port)) {
        return port;
      }
    }
    throw new IOException("no port of " + FIRST + ".." + (FIRST + COUNT - 1) + " is free");
  }

  private static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket(port)) {
      return socket.isBound();
    } catch (IOException taken) {
      return false;
    }
  }
}
