package io.lakestill.jobs;

import io.lakestill.objective.KeptClasses;
import io.lakestill.objective.Objective;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.WeightedTerms;
import io.lakestill.signal.codec.Topk;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the terms of a loss take of logits that are stored by {@code topk}: only what is stored,
 * which is the largest logits and, at some temperatures, the mass of all others.
 *
 * @param terms of the loss
 * @param stored the codec of each signal that is stored so, by the name a loss uses
 */
record TopkTerms(List<WeightedTerms.Term> terms, Map<String, Topk> stored) {

  /**
   * Why a term cannot learn from these signals.
   *
   * @param key the option of the term that is at fault
   */
  record Refusal(String key, String message) {}

  /** Empty when the term takes only what is stored. */
  Optional<Refusal> refusal(int term) {
    Objective objective = terms.get(term).objective();
    for (String need : objective.requires().teacher()) {
      for (String signal : Requirements.members(need, stored.keySet())) {
        Optional<Refusal> refusal =
            objective
                .kept("teacher." + signal)
                .map(kept -> refusal(term, signal, kept))
                .orElseGet(() -> Optional.of(all(signal)));
        if (refusal.isPresent()) {
          return refusal;
        }
      }
    }
    return Optional.empty();
  }

  private Refusal all(String signal) {
    return new Refusal(
        "type",
        ("needs all of the teacher's '%s', but of each row only the %d largest are stored (topk);"
                + " use topk-kl, or teach with signals.codecs.logits = dense32")
            .formatted(signal, stored.get(signal).k()));
  }

  private Optional<Refusal> refusal(int term, String signal, KeptClasses kept) {
    Topk codec = stored.get(signal);
    if (kept.count() > codec.k()) {
      return Optional.of(
          new Refusal(
              "k",
              "is %d, but of each row of '%s' only the %d largest are stored; lower it, or teach with signals.topk.k = %d"
                  .formatted(kept.count(), signal, codec.k(), kept.count())));
    }
    if (kept.temperature().smallest() != kept.temperature().largest()) {
      return Optional.of(
          temperature("changes in the training", signal, "; give one of these", codec));
    }
    double temperature = kept.temperature().largest();
    if (!codec.temperatures().contains(temperature)) {
      return Optional.of(
          temperature(
              "is " + temperature,
              signal,
              ", or teach with that one among signals.topk.temperatures",
              codec));
    }
    return others(term, signal)
        .filter(other -> other != temperature)
        .map(
            other ->
                new Refusal(
                    "temperature",
                    "is %s, that of a term before it %s, but a training takes '%s' at one temperature only, since it is stored by topk; give both the same"
                        .formatted(temperature, other, signal)));
  }

  private static Refusal temperature(String is, String signal, String advice, Topk codec) {
    return new Refusal(
        "temperature",
        "%s, but of '%s' the mass of the classes that are not stored is known at %s only%s"
            .formatted(is, signal, codec.temperatures(), advice));
  }

  /** The temperature at which a term before this one takes the signal. */
  private Optional<Double> others(int term, String signal) {
    return terms.subList(0, term).stream()
        .flatMap(before -> before.objective().kept("teacher." + signal).stream())
        .map(kept -> kept.temperature().largest())
        .findFirst();
  }

  /** What the loss takes of each signal; every term must be without a {@link #refusal}. */
  Map<String, KeptLogits> kept() {
    Map<String, KeptLogits> all = new LinkedHashMap<>();
    stored.forEach(
        (signal, codec) ->
            terms.stream()
                .flatMap(term -> term.objective().kept("teacher." + signal).stream())
                .map(kept -> new KeptLogits(codec, kept.count(), kept.temperature().largest()))
                .reduce((one, other) -> one.count() >= other.count() ? one : other)
                .ifPresent(kept -> all.put(signal, kept)));
    return all;
  }
}
