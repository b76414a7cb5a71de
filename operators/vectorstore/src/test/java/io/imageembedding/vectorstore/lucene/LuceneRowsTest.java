// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.lucene;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.vectorstore.TestingVectors;
import io.imageembedding.vectorstore.Version;
import java.util.Map;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.StoredField;
import org.junit.jupiter.api.Test;

class LuceneRowsTest {

  @Test
  void metadataThatSomebodyElseMadeOddIsReadWithoutWhatIsOdd() {
    Document document =
        LuceneRows.of(TestingVectors.stored("a", new float[] {1, 2}, Version.at(1)), 3);
    assertThat(LuceneRows.image(document).attributes()).containsOnlyKeys("class");
    document.removeField("image");
    document.add(
        new StoredField(
            "image",
            "{\"format\": \"png\", \"attributes\": {\"a\": {\"b\": 1}, \"c\": \"d\"}}"
                .getBytes(UTF_8)));
    assertThat(LuceneRows.image(document).attributes()).isEqualTo(Map.of("c", "d"));
    assertThat(LuceneRows.image(document).info().format()).isEqualTo("png");
  }
}
