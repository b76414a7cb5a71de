// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JobPathsTest {
  private static final String KAFKA = "image-embedding.kafka.properties.";

  private final List<String> said = new ArrayList<>();

  @ParameterizedTest
  @CsvSource({
    "execution.checkpointing.dir, checkpoints, file:/a folder/checkpoints",
    "execution.checkpointing.dir, file:checkpoints, file:/a folder/checkpoints",
    "execution.checkpointing.savepoint-dir, ../b, file:/b",
    "state.checkpoints.dir, checkpoints, file:/a folder/checkpoints",
    "execution.state-recovery.path, checkpoints/chk-1, file:/a folder/checkpoints/chk-1",
    "image-embedding.store.address, lucene:vectors, lucene:/a folder/vectors",
    "image-embedding.store.address, lucene:vectors?ef-search=200, lucene:/a folder/vectors?ef-search=200",
    "image-embedding.store.address, postgresql://h/d?password-file=p&sslrootcert=c.pem&table=t, postgresql://h/d?password-file=%2Fa+folder%2Fp&sslrootcert=%2Fa+folder%2Fc.pem&table=t",
    "image-embedding.kafka.schema-registry.credentials-file, secrets/r, /a folder/secrets/r",
    KAFKA + "ssl.truststore.location, trust.jks, /a folder/trust.jks",
    KAFKA
        + "ssl.truststore.password, ${file:secrets/kafka:trust}, ${file:/a folder/secrets/kafka:trust}",
    KAFKA + "ssl.key.password, ${directory:secrets:key}, ${directory:/a folder/secrets:key}",
    KAFKA
        + "sasl.jaas.config, x.M required keyTab=\"k\" ticketCache=c principal=\"p\";, x.M required keyTab=\"/a folder/k\" ticketCache=/a folder/c principal=\"p\";",
  })
  void aRelativePathBecomesOneBelowTheFolderOfWhoeverSubmitsInOneLine(
      String key, String given, String absolute) {
    assertThat(absolute(key, given)).isEqualTo(absolute);
    assertThat(said)
        .isNotEmpty()
        .allMatch(line -> line.startsWith(key + ": '") && line.contains("' is taken as /"));
  }

  @ParameterizedTest
  @CsvSource({
    "execution.checkpointing.dir, s3://bucket/checkpoints",
    "execution.checkpointing.dir, file:/checkpoints",
    "execution.checkpointing.dir, file:///checkpoints",
    "pipeline.classpaths, file:///a.jar",
    "image-embedding.store.address, lucene:/vectors",
    "image-embedding.store.address, postgresql://h:5432/d?table=t&user=u&password-env=P",
    "image-embedding.store.address, no address",
    "image-embedding.kafka.schema-registry.credentials-file, /secrets/r",
    KAFKA + "ssl.truststore.location, /trust.jks",
    KAFKA + "ssl.truststore.location, ${env:TRUST}",
    KAFKA + "ssl.truststore.password, ${file:/secrets/kafka:trust}",
    KAFKA + "client.id, name",
    "pipeline.name, checkpoints",
  })
  void whatIsNoRelativePathStaysAsItIsAndNothingIsSaid(String key, String given) {
    assertThat(absolute(key, given)).isEqualTo(given);
    assertThat(said).isEmpty();
  }

  @Test
  void jarsBesideTheJobsBecomeUrls() {
    Configuration given = new Configuration();
    given.set(PipelineOptions.CLASSPATHS, List.of("a.jar", "file:/b.jar"));

    assertThat(
            new JobPaths(Path.of("/a folder"), said::add)
                .changed(given)
                .get(PipelineOptions.CLASSPATHS))
        .containsExactly("file:///a%20folder/a.jar", "file:/b.jar");
    assertThat(said).hasSize(1);
  }

  @Test
  void aFolderWithoutASchemeGetsTheOneThatFlinkWants() {
    assertThat(absolute("execution.checkpointing.dir", "/checkpoints"))
        .isEqualTo("file:/checkpoints");
    assertThat(said).isEmpty();
  }

  private String absolute(String key, String value) {
    Configuration given = Configuration.fromMap(Map.of(key, value));
    given.addAll(new JobPaths(Path.of("/a folder"), said::add).changed(given));
    return given.toMap().get(key);
  }
}
