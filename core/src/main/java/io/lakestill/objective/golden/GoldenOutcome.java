package io.lakestill.objective.golden;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * How an objective did on one reference case.
 *
 * @param lossError the largest {@code |a-b| / max(1, |b|)} over the loss and its parts
 * @param gradientError the largest {@code |a-b| / max(1e-3, max|b|)} over gradients and state
 * @param failure why the case could not be evaluated
 * @param notCompared what the case expects and an objective does not give, such as {@code
 *     terms.third_party_total}, {@code outputs.plan} or {@code term_grad.icl}
 */
public record GoldenOutcome(
    String objective,
    String name,
    double lossError,
    double gradientError,
    Optional<String> failure,
    List<String> notCompared) {
  /** The largest error that passes, for losses and gradients alike. */
  public static final double TOLERANCE = 1e-4;

  public GoldenOutcome {
    notCompared = List.copyOf(notCompared);
  }

  static GoldenOutcome failed(GoldenCase golden, String why) {
    return new GoldenOutcome(
        golden.objective(), golden.name(), Double.NaN, Double.NaN, Optional.of(why), List.of());
  }

  public boolean passed() {
    return failure.isEmpty() && lossError <= TOLERANCE && gradientError <= TOLERANCE;
  }

  /** {@code PASS|FAIL objective case loss-error gradient-error}, and why if it could not run. */
  public String line() {
    return String.format(
            Locale.ROOT,
            "%s %s %s %.1e %.1e",
            passed() ? "PASS" : "FAIL",
            objective,
            name,
            lossError,
            gradientError)
        + failure.map(why -> " " + why).orElse("");
  }
}
