// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/** The version that the build has written down. */
final class Version implements IVersionProvider {
  private static final String FILE = "version.properties";

  @Override
  public String[] getVersion() throws IOException {
    Properties properties = new Properties();
    try (InputStream in = Version.class.getResourceAsStream(FILE)) {
      if (in == null) {
        throw new IOException("this build lacks " + FILE);
      }
      properties.load(in);
    }
    return new String[] {"flink-image-embedding " + properties.getProperty("version")};
  }
}
