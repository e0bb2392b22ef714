package io.lakestill.recipe;

/** What makes one epoch's weights better than another's, on the validation examples. */
public enum BestBy {
  /** Higher accuracy, then lower loss, then the earlier epoch. */
  ACCURACY,
  /**
   * Lower loss, then the earlier epoch. The steadier choice where there are few validation
   * examples, on which accuracy moves by chance.
   */
  LOSS
}
