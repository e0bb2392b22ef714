package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.nn.abstractnn.Activity;
import com.intel.analytics.bigdl.dllib.nn.mkldnn.HeapData;
import com.intel.analytics.bigdl.dllib.nn.mkldnn.MemoryData;
import com.intel.analytics.bigdl.dllib.nn.mkldnn.MklDnnRuntime;
import com.intel.analytics.bigdl.dllib.nn.mkldnn.Phase;
import com.intel.analytics.bigdl.dllib.nn.mkldnn.ReorderMemory;
import com.intel.analytics.bigdl.dllib.nn.mkldnn.ReorderMemory$;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import java.util.List;

/**
 * Values on their way from one of oneDNN's layouts, or from an array, into another: a copy in the
 * other layout, or the values themselves where both are the same.
 */
final class OneDnnReorder implements AutoCloseable {
  private final List<ReorderMemory> copy;

  OneDnnReorder(MemoryData from, MemoryData to, MklDnnRuntime runtime) {
    boolean bothOnHeap = from instanceof HeapData && to instanceof HeapData;
    boolean bothNative = !(from instanceof HeapData) && !(to instanceof HeapData);
    if ((bothOnHeap || bothNative) && from.layout() == to.layout()) {
      this.copy = List.of();
    } else {
      ReorderMemory reorder = ReorderMemory$.MODULE$.apply(to, null, null);
      reorder.setRuntime(runtime);
      reorder.initFwdPrimitives(new MemoryData[] {from}, Phase.InferencePhase$.MODULE$);
      this.copy = List.of(reorder);
    }
  }

  /** Whether what {@link #apply} gives is a copy. */
  boolean copies() {
    return !copy.isEmpty();
  }

  /** The values in the other layout, in the same memory at every call. */
  Tensor<Float> apply(Tensor<Float> values) {
    if (copy.isEmpty()) {
      return values;
    }
    Activity moved = copy.get(0).updateOutput(values);
    return moved.toTensor(Floats.numeric());
  }

  @Override
  public void close() {
    copy.forEach(ReorderMemory::release);
  }
}
