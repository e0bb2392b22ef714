package io.lakestill.error;

import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds secrets where none may be, and keeps them out of what is said. A setting is secret when its
 * name is, as Spark has it in {@code spark.redaction.regex}; an address, when it carries a password
 * or a signature.
 */
public final class Secrets {
  /** What stands in their place. */
  public static final String REDACTED = "*********(redacted)";

  /** Spark's own, and how Azure calls the key of a storage account. */
  private static final Pattern SECRET_NAME =
      Pattern.compile("(?i)secret|password|token|access[._]?key|account[._]?key|credential");

  /** Settings that say where a secret is, or how it is used, and are none themselves. */
  private static final Pattern REFERENCE =
      Pattern.compile(
          "(?i)spark\\.kubernetes\\.(driver|executor)\\.(secrets|secretKeyRef)\\..*"
              + "|.*(file|path|paths|provider|providers|class|impl|enable|enabled|name|type|regex)"
              + "|.*\\.(interval|lifetime|renewal|timeout|duration|ms|endpoint)([.-].*)?");

  /** {@code scheme://user:password@}; a user alone is a container of Azure. */
  private static final Pattern USER_INFO =
      Pattern.compile("([A-Za-z][A-Za-z0-9+.-]*://)[^/\\s'\"@:]*:[^/\\s'\"@]*@");

  private static final Pattern SIGNATURE =
      Pattern.compile(
          "(?i)([?&;](?:sig|signature|x-amz-signature|x-amz-security-token|x-goog-signature"
              + "|token|access_token|password|secret)=)[^&\\s'\";]+");

  private static final Pattern SETTING =
      Pattern.compile("\\b((?:spark|fs|hadoop)\\.[\\w.-]+)=([^\\s'\"]+)");

  /** A switch or a number, which no secret is. */
  private static final Pattern HARMLESS = Pattern.compile("(?i)\\d{1,12}[a-z]{0,2}|true|false");

  /** What is not looked for in messages, since it would be found in innocent words. */
  private static final Pattern WORD = Pattern.compile("(?i).{0,7}|[a-z.]*");

  /** Values that this process has been given, to be recognised wherever they turn up. */
  private static final Set<String> KNOWN = ConcurrentHashMap.newKeySet();

  static {
    know(System.getenv());
  }

  private Secrets() {}

  /** True of a setting whose value is a secret. */
  public static boolean isSecret(String name, String value) {
    return SECRET_NAME.matcher(name).find()
        && !REFERENCE.matcher(name).matches()
        && !HARMLESS.matcher(value).matches();
  }

  /** Remembers the values of secret settings, so that no message quotes them. */
  public static void know(Map<String, String> settings) {
    settings.forEach(
        (name, value) -> {
          if (isSecret(name, value) && !WORD.matcher(value).matches()) {
            KNOWN.add(value);
          }
        });
  }

  /** A text as it may be shown. */
  public static String redacted(String text) {
    String shown =
        USER_INFO.matcher(text).replaceAll("$1" + Matcher.quoteReplacement(REDACTED) + "@");
    shown = SIGNATURE.matcher(shown).replaceAll("$1" + Matcher.quoteReplacement(REDACTED));
    shown =
        SETTING
            .matcher(shown)
            .replaceAll(
                found ->
                    Matcher.quoteReplacement(
                        isSecret(found.group(1), found.group(2))
                            ? found.group(1) + "=" + REDACTED
                            : found.group()));
    for (String value : KNOWN) {
      shown = shown.replace(value, REDACTED);
    }
    return shown;
  }

  /** What is secret in an address or another text that a person wrote, as it may be shown. */
  public static Optional<String> in(String text) {
    return USER_INFO.matcher(text).find() || SIGNATURE.matcher(text).find() || isSetting(text)
        ? Optional.of(redacted(text))
        : Optional.empty();
  }

  private static boolean isSetting(String text) {
    return SETTING
        .matcher(text)
        .results()
        .anyMatch(found -> isSecret(found.group(1), found.group(2)));
  }
}
