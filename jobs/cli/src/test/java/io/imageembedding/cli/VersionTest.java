// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPathFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;

class VersionTest {
  @Test
  void theVersionIsTheBuilds() throws Exception {
    Document pom =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(Path.of(System.getProperty("image-embedding.project"), "pom.xml").toFile());
    String version = XPathFactory.newInstance().newXPath().evaluate("/project/version", pom);
    StringWriter out = new StringWriter();

    int exitCode =
        Embed.newCommandLine(new PrintWriter(out, true), new PrintWriter(new StringWriter()))
            .execute("--version");

    assertThat(exitCode).isZero();
    assertThat(out).hasToString("flink-image-embedding " + version + System.lineSeparator());
  }
}
