// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.postgres;

import io.imageembedding.annotation.Internal;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.SocketFactory;

/**
 * The sockets of one connection, from the first attempt to make it. Another thread can close all of
 * them at any time, and then no more are made; the thread that waits for one of them fails at once,
 * also below TLS and during the login.
 *
 * <p>Public only for the driver, which makes an instance by name. That one delegates to the
 * instance that was lent under the given name.
 */
@Internal
public final class ConnectionSockets extends SocketFactory {
  private static final Map<String, ConnectionSockets> LENT = new ConcurrentHashMap<>();

  private final ConnectionSockets owner;
  private final String name;
  private final int connectTimeoutMillis;
  private final Set<Socket> sockets = new HashSet<>();
  private boolean closed;

  /** For the driver. */
  public ConnectionSockets(String name) throws SocketException {
    owner = LENT.get(name);
    if (owner == null) {
      throw new SocketException("the connection was given up");
    }
    this.name = name;
    connectTimeoutMillis = owner.connectTimeoutMillis;
  }

  /**
   * @param connectTimeoutMillis for each host: the driver's own limit is for all of them together
   */
  ConnectionSockets(int connectTimeoutMillis) {
    owner = this;
    name = UUID.randomUUID().toString();
    this.connectTimeoutMillis = connectTimeoutMillis;
  }

  /** A name by which the driver finds this. */
  String lend() {
    LENT.put(name, this);
    return name;
  }

  void takeBack() {
    LENT.remove(name);
  }

  /** Ends what is being done by way of these sockets, and whatever is begun from now on. */
  void abort() {
    Set<Socket> open;
    synchronized (this) {
      closed = true;
      open = Set.copyOf(sockets);
      sockets.clear();
    }
    for (Socket socket : open) {
      try {
        socket.close();
      } catch (IOException e) {
        // It is of no use any more in either case.
      }
    }
  }

  private synchronized Socket add(Socket socket) throws IOException {
    if (closed) {
      throw new SocketException("the connection was given up");
    }
    sockets.removeIf(Socket::isClosed);
    sockets.add(socket);
    return socket;
  }

  @Override
  public Socket createSocket() throws IOException {
    return owner.add(new LimitedSocket(connectTimeoutMillis));
  }

  @Override
  public Socket createSocket(String host, int port) throws IOException {
    throw new UnsupportedOperationException();
  }

  @Override
  public Socket createSocket(String host, int port, InetAddress from, int fromPort) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Socket createSocket(InetAddress host, int port) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Socket createSocket(InetAddress host, int port, InetAddress from, int fromPort) {
    throw new UnsupportedOperationException();
  }

  private static final class LimitedSocket extends Socket {
    private final int most;

    private LimitedSocket(int most) {
      this.most = most;
    }

    @Override
    public void connect(SocketAddress endpoint, int timeout) throws IOException {
      super.connect(endpoint, timeout == 0 ? most : Math.min(timeout, most));
    }
  }
}
