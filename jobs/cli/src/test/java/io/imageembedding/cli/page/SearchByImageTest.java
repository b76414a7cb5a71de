// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.page;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.testing.ImageCases;
import io.imageembedding.testing.ImageCases.Case;
import io.imageembedding.vectorstore.Version;
import java.awt.Color;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SearchByImageTest {

  @TempDir Path folder;

  @Test
  void oddAndHostileFilesAreAnsweredAndThePageGoesOn() throws Exception {
    List<Case> cases = ImageCases.all();
    String store = "lucene:" + folder.resolve("store");
    try (TestingPictures pictures = new TestingPictures(store)) {
      pictures.write(
          pictures.of(
              "red.png",
              TestingPictures.png(90, 60, Color.RED),
              Version.at(1),
              "file:///red.png",
              Map.of()));
    }
    try (PageServer server =
        PageServer.start(
            store,
            ImageSource.indexedFiles(Set.of()),
            QueryModel.of(TestingPictures.MODEL),
            new InetSocketAddress("127.0.0.1", 0),
            Optional.empty())) {
      for (Case each : cases) {
        HttpResponse<byte[]> answer = search(server.address(), each.file());
        JsonNode json = new ObjectMapper().readTree(answer.body());
        boolean found = answer.statusCode() == 200;
        assertThat(answer.statusCode()).as(each.name() + ": " + json).isIn(200, 422);
        each.check(
            found ? ImageCases.EMBEDDED : json.get("error").get("code").asText(),
            found ? "" : json.get("error").get("message").asText());
        if (!found) {
          assertThat(json.get("error").get("stage").asText()).isEqualTo("image");
        }
      }
    }
  }

  private static HttpResponse<byte[]> search(URI address, Path file) throws Exception {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(address.resolve("/api/search"))
                .POST(BodyPublishers.ofFile(file))
                .build(),
            BodyHandlers.ofByteArray());
  }
}
