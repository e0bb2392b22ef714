package io.lakestill.error;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SecretsTest {
  @ParameterizedTest
  @CsvSource({
    "spark.hadoop.fs.s3a.secret.key, wJalrXUt/K7MD",
    "spark.hadoop.fs.s3a.access.key, AKIAIOSFODNN7",
    "spark.hadoop.fs.azure.account.key.lake.dfs.core.windows.net, Zm9v",
    "spark.hadoop.fs.azure.account.oauth2.client.secret, s3cr3t",
    "spark.ssl.keyPassword, hunter",
    "AWS_SESSION_TOKEN, FwoGZX"
  })
  void aSettingIsSecretByItsName(String name, String value) {
    assertThat(Secrets.isSecret(name, value)).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "spark.hadoop.hadoop.security.credential.provider.path, jceks://hdfs/keys.jceks",
    "spark.hadoop.fs.s3a.aws.credentials.provider, com.example.Provider",
    "spark.kubernetes.executor.secrets.lake-keys, /mnt/keys",
    "spark.kubernetes.driver.secretKeyRef.AWS_SECRET_ACCESS_KEY, lake-keys:secret",
    "spark.kubernetes.authenticate.driver.oauthTokenFile, /var/run/token",
    "spark.hadoop.dfs.block.access.token.enable, true",
    "spark.yarn.kerberos.renewal.excludeHadoopFileSystems, hdfs",
    "spark.hadoop.yarn.resourcemanager.delegation.token.max-lifetime, 604800000",
    "spark.redaction.regex, (?i)secret",
    "spark.executor.memory, 4g"
  })
  void whereASecretIsAndHowItIsUsedIsNone(String name, String value) {
    assertThat(Secrets.isSecret(name, value)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "s3a://AKIA:wJalrXUt@bucket/table",
        "output=s3a://AKIA:wJalrXUt@bucket/table",
        "jdbc:postgresql://ann:wJalrXUt@host/lake",
        "https://lake.blob.core.windows.net/c/t?sv=2022&sig=wJalrXUt&se=x",
        "https://b.s3.amazonaws.com/t?X-Amz-Signature=wJalrXUt",
        "spark.hadoop.fs.s3a.secret.key=wJalrXUt",
        "-Dspark.hadoop.fs.s3a.secret.key=wJalrXUt"
      })
  void anAddressOrSettingWithASecretIsFoundAndShownWithoutIt(String text) {
    assertThat(Secrets.in(text))
        .hasValueSatisfying(shown -> assertThat(shown).doesNotContain("wJal"));
    assertThat(Secrets.redacted("Cannot open '" + text + "': refused"))
        .doesNotContain("wJal")
        .startsWith("Cannot open '")
        .endsWith(": refused")
        .contains(Secrets.REDACTED);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "s3a://bucket/table/dt=2026-11-20",
        "hdfs://name:8020/lake/x@y",
        "abfss://container@lake.dfs.core.windows.net/table",
        "teacher.outputs.class_token=cls",
        "split = 'train' and token_count > 5",
        "spark.hadoop.hadoop.security.credential.provider.path=jceks://hdfs@n:8020/keys.jceks"
      })
  void whatHasNoneStaysAsItIs(String text) {
    assertThat(Secrets.in(text)).isEmpty();
    assertThat(Secrets.redacted(text)).isEqualTo(text);
  }

  @Test
  void valuesOfSecretSettingsAreRecognisedWhereverTheyTurnUp() {
    Secrets.know(
        Map.of("fs.x.secret.key", "k7MDENGbPxRfiCY9", "fs.x.secret.provider", "p7MDENGbPxRfiCY9"));
    assertThat(Secrets.redacted("signed with k7MDENGbPxRfiCY9 by p7MDENGbPxRfiCY9"))
        .isEqualTo("signed with " + Secrets.REDACTED + " by p7MDENGbPxRfiCY9");
  }
}
