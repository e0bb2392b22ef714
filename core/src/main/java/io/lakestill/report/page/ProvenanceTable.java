package io.lakestill.report.page;

import io.lakestill.report.Machine;
import io.lakestill.report.Provenance;
import io.lakestill.report.Scorecard;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.stream.Collectors;

/** Where the figures come from, enough to make them again. */
final class ProvenanceTable {
  private static final DateTimeFormatter DAY =
      DateTimeFormatter.ofPattern("d MMMM uuuu", Locale.ENGLISH).withZone(ZoneOffset.UTC);
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("d MMMM uuuu, HH:mm 'UTC'", Locale.ENGLISH)
          .withZone(ZoneOffset.UTC);

  private ProvenanceTable() {}

  static String day(Scorecard card) {
    return DAY.format(card.provenance().created());
  }

  static Element of(Scorecard card) {
    Provenance provenance = card.provenance();
    Machine machine = provenance.machine();
    Element list = Element.of("dl").with("class", "facts");
    fact(list, "Recipe", provenance.recipe());
    fact(list, "Its SHA-256", provenance.recipeSha256());
    provenance
        .signalTables()
        .forEach(
            table -> fact(list, "Signal table", table.path() + ", version " + table.version()));
    fact(
        list,
        card.seeds().size() == 1 ? "Seed" : "Seeds",
        card.seeds().stream().map(String::valueOf).collect(Collectors.joining(", ")));
    fact(list, "Test rows", Figures.count(card.testRows()));
    fact(list, "Measured", TIME.format(provenance.created()));
    fact(list, "Machine", machine.processor() + ", " + Figures.counted(machine.cores(), "core"));
    fact(
        list,
        "Software",
        "Lakestill %s, Java %s".formatted(provenance.codeVersion(), machine.java()));
    if (!provenance.stages().isEmpty()) {
      fact(
          list,
          "Stages",
          provenance.stages().stream()
              .map(stage -> stage.stage() + " " + Figures.seconds(stage.seconds()))
              .collect(Collectors.joining(", ")));
    }
    return list;
  }

  private static void fact(Element list, String name, String value) {
    list.add(Element.of("div", Element.text("dt", name), Element.text("dd", value)));
  }
}
