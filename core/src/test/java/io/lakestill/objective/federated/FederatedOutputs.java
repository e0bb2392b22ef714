package io.lakestill.objective.federated;

import io.lakestill.objective.Objective;

/** What reference cases know of the inside of the receiver. */
public final class FederatedOutputs {
  private FederatedOutputs() {}

  public static double[] attention(Objective receiver) {
    return ((MhpflidAttention) receiver).attention();
  }
}
