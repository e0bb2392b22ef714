package io.lakestill.jobs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.security.alias.CredentialProvider;
import org.apache.hadoop.security.alias.CredentialProviderFactory;

/**
 * Secrets that nobody else has, given to a process in every way in which it may be given some: the
 * environment, Hadoop's core-site.xml and a credential provider. Wherever one of them turns up, it
 * has leaked.
 *
 * @param folder holds the files that have them
 */
record CanarySecrets(Path folder) {
  private static final String ENVIRONMENT = "cAnArY7EnvironmentXq3";
  private static final String SITE = "cAnArY7CoreSiteXq3";
  private static final String PROVIDED = "cAnArY7ProvidedXq3";
  private static final String ARGUMENT = "cAnArY7ArgumentXq3";
  private static final List<String> ALL = List.of(ENVIRONMENT, SITE, PROVIDED, ARGUMENT);

  static CanarySecrets in(Path folder) throws IOException {
    CanarySecrets secrets = new CanarySecrets(folder);
    Files.writeString(
        folder.resolve("core-site.xml"),
        """
        <configuration>
          <property><name>fs.s3a.secret.key</name><value>%1$s</value></property>
          <property><name>fs.azure.account.key.lake.dfs.core.windows.net</name><value>%1$s</value></property>
        </configuration>
        """
            .formatted(SITE));
    Configuration configuration = new Configuration(false);
    configuration.set(CredentialProviderFactory.CREDENTIAL_PROVIDER_PATH, secrets.provider());
    CredentialProvider provider = CredentialProviderFactory.getProviders(configuration).get(0);
    provider.createCredentialEntry("fs.s3a.session.token", PROVIDED.toCharArray());
    provider.flush();
    return secrets;
  }

  /** Where Hadoop finds the credential provider. */
  String provider() {
    return "localjceks://file" + folder.resolve("keys.jceks");
  }

  /** What a process has in its environment. */
  Map<String, String> environment() {
    return Map.of(
        "AWS_ACCESS_KEY_ID",
        "AKIA" + ENVIRONMENT,
        "AWS_SECRET_ACCESS_KEY",
        ENVIRONMENT,
        "HADOOP_CONF_DIR",
        folder.toString());
  }

  /** For a command line that must be refused. */
  String argument() {
    return ARGUMENT;
  }

  /** The files below a folder that hold one of them, in any byte. */
  List<String> foundIn(Path below) throws IOException {
    try (Stream<Path> files = Files.walk(below)) {
      return files
          .filter(Files::isRegularFile)
          .flatMap(
              file -> {
                String bytes = text(file);
                return ALL.stream().filter(bytes::contains).map(secret -> file + ": " + secret);
              })
          .toList();
    }
  }

  private static String text(Path file) {
    try {
      return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
