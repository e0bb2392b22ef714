package io.lakestill.recipe;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * How the signals of a pass are stored. Readers never look here: what was written stands in the
 * table's own manifest.
 *
 * @param named the codec of a signal, by the signal's name
 * @param others of every signal that is not named
 * @param topk what {@link CodecName#TOPK} keeps, where it is used
 */
public record CodecSettings(Map<String, CodecName> named, CodecName others, TopkSettings topk) {
  public CodecSettings {
    named = Map.copyOf(named);
  }

  /** The codec of a signal. */
  public CodecName of(String signal) {
    return named.getOrDefault(signal, others);
  }

  /**
   * @param settings the section {@code signals}
   */
  static Optional<CodecSettings> read(Settings settings) {
    CodecName others = settings.choice("codec", CodecName.class);
    Settings section = settings.section("codecs");
    Map<String, CodecName> named = new TreeMap<>();
    for (String signal : section.keys()) {
      named.put(signal, section.choice(signal, CodecName.class));
    }
    Optional<TopkSettings> topk = TopkSettings.read(settings.section("topk"));
    return section.build(() -> new CodecSettings(named, others, topk.orElseThrow()));
  }
}
