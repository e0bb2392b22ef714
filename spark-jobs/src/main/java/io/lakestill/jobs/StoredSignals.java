package io.lakestill.jobs;

import io.lakestill.signal.SignalColumn;
import io.lakestill.signal.SignalSchema;
import io.lakestill.signal.codec.Dense32;
import io.lakestill.signal.projection.Projector;
import java.io.Serializable;
import java.util.Map;

/**
 * What a pass stores of what its teacher says.
 *
 * @param schema the columns of its files, in the order of what the teacher says
 * @param projectors of those signals that are narrowed, by name
 */
record StoredSignals(SignalSchema schema, Map<String, Projector> projectors)
    implements Serializable {
  StoredSignals {
    projectors = Map.copyOf(projectors);
    for (SignalColumn column : schema.signals()) {
      Projector projector = projectors.get(column.name());
      if (column.projection().isPresent() != (projector != null)
          || (projector != null && projector.to() != column.width())) {
        throw new IllegalArgumentException(
            "column %s cannot hold what %s makes".formatted(column, projectors.keySet()));
      }
    }
  }

  /** Everything, as it is said, by the codecs of the columns. */
  static StoredSignals asSaid(SignalSchema said) {
    return new StoredSignals(said, Map.of());
  }

  /** Everything, as it is said, in full precision. */
  static StoredSignals inFull(SignalSchema said) {
    return asSaid(said).inFull();
  }

  /** The same, projected alike, in full precision. */
  StoredSignals inFull() {
    return new StoredSignals(
        schema.with(
            schema.signals().stream()
                .map(c -> new SignalColumn(c.name(), c.shape(), new Dense32(), c.projection()))
                .toList()),
        projectors);
  }
}
