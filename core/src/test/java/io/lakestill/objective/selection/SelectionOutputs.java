package io.lakestill.objective.selection;

import io.lakestill.objective.Objective;

/** What reference cases know of the inside of selective distillation. */
public final class SelectionOutputs {
  private SelectionOutputs() {}

  /** 1 for each token on which the teacher spoke. */
  public static double[] selected(Objective selective) {
    boolean[] selected =
        selective instanceof SelectiveBatch batch
            ? batch.selected()
            : ((SelectiveGlobalQueue) selective).selected();
    double[] values = new double[selected.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = selected[i] ? 1 : 0;
    }
    return values;
  }
}
