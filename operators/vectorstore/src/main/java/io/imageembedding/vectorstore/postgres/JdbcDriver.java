// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Properties;
import java.util.ResourceBundle;
import org.postgresql.Driver;
import org.postgresql.PGProperty;

/**
 * The driver, used so that nothing of the JDK holds it after its stores are closed. As it is
 * loaded, it registers itself in {@link java.sql.DriverManager}, which would keep the class loader
 * of every job that ever had a store. There it stays only where it is on the JVM's own class path.
 */
final class JdbcDriver {
  private static final ClassLoader LOADER = Driver.class.getClassLoader();
  private static final Driver DRIVER = new Driver();

  static {
    if (LOADER != ClassLoader.getSystemClassLoader() && Driver.isRegistered()) {
      try {
        Driver.deregister();
      } catch (SQLException e) {
        throw new ExceptionInInitializerError(e);
      }
    }
  }

  private JdbcDriver() {}

  /**
   * Connects, by way of sockets that can be closed meanwhile.
   *
   * @return null if the address is none of this driver's
   */
  static Connection connect(String url, Properties properties, ConnectionSockets sockets)
      throws SQLException {
    properties.setProperty(PGProperty.SOCKET_FACTORY.getName(), ConnectionSockets.class.getName());
    properties.setProperty(PGProperty.SOCKET_FACTORY_ARG.getName(), sockets.lend());
    try {
      // Not by way of DriverManager, which knows only drivers of its caller's class loader.
      return DRIVER.connect(url, properties);
    } finally {
      sockets.takeBack();
    }
  }

  /** Forgets translated messages, which the JDK keeps as long as there is memory. */
  static void clear() {
    ResourceBundle.clearCache(LOADER);
  }
}
