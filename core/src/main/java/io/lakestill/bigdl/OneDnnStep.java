package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.nn.abstractnn.AbstractModule;
import com.intel.analytics.bigdl.dllib.nn.abstractnn.Activity;
import com.intel.analytics.bigdl.dllib.nn.mkldnn.MemoryData;
import com.intel.analytics.bigdl.dllib.nn.mkldnn.MklDnnLayer;
import com.intel.analytics.bigdl.dllib.nn.mkldnn.MklDnnRuntime;
import com.intel.analytics.bigdl.dllib.nn.mkldnn.Phase;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import com.intel.analytics.bigdl.dllib.utils.Table;
import io.lakestill.student.Add;
import io.lakestill.student.BatchNormalisation;
import io.lakestill.student.Layer;
import java.util.ArrayList;
import java.util.List;

/**
 * One layer of a {@link OneDnnPass}: BigDL's oneDNN layer with values, gradients and weights of its
 * own, outside the heap, and the layer over arrays whose weights it computes with.
 */
final class OneDnnStep implements AutoCloseable {
  private final Layer layer;
  private final AbstractModule<Activity, Activity, Float> own;
  private final AbstractModule<Activity, Activity, Float> module;
  private final MklDnnLayer primitives;
  private final MklDnnRuntime runtime;
  private final List<OneDnnReorder> values = new ArrayList<>();
  private final List<OneDnnReorder> gradients = new ArrayList<>();
  private final List<Boolean> shared = new ArrayList<>();
  private final boolean needsInputGradient;
  private OneDnnReorder towardsInput;
  private OneDnnReorder towardsWeights;
  private Tensor<Float> sum;
  private Activity input;

  /**
   * @param module oneDNN's
   * @param own over arrays, with the weights
   * @param from layouts of what it reads
   * @param readsRows whether it reads nothing but the rows themselves
   */
  @SuppressWarnings("unchecked") // BigDL's layers differ in their activities.
  OneDnnStep(
      Layer layer,
      AbstractModule<?, ?, Float> module,
      AbstractModule<Activity, Activity, Float> own,
      List<MemoryData> from,
      boolean readsRows,
      MklDnnRuntime runtime) {
    this.layer = layer;
    this.own = own;
    this.module = (AbstractModule<Activity, Activity, Float>) module;
    this.primitives = (MklDnnLayer) (Object) module;
    this.runtime = runtime;
    // Batch normalisation has the gradients of its weights from there.
    this.needsInputGradient = !readsRows || layer instanceof BatchNormalisation;
    primitives.setRuntime(runtime);
    primitives.initFwdPrimitives(from.toArray(new MemoryData[0]), Phase.TrainingPhase$.MODULE$);
    for (int i = 0; i < from.size(); i++) {
      values.add(new OneDnnReorder(from.get(i), primitives.inputFormats()[i], runtime));
    }
  }

  /** The layout of its output. */
  MemoryData format() {
    return primitives.outputFormats()[0];
  }

  Tensor<Float> output() {
    Activity output = module.output();
    return output.toTensor(Floats.numeric());
  }

  /** The layout of the gradient by one of its inputs. */
  MemoryData gradientFormat(int index) {
    return primitives.gradInputFormats()[index];
  }

  /** The gradient by one of its inputs. */
  Tensor<Float> gradient(int index) {
    Activity gradient = module.gradInput();
    return gradient.isTable()
        ? gradient.toTable().<Tensor<Float>>apply(index + 1)
        : gradient.toTensor(Floats.numeric());
  }

  /** Whether the gradient by an input is a tensor that others have, too. */
  boolean sharesGradient() {
    return layer instanceof Add;
  }

  /**
   * To be called once, after all that read its output.
   *
   * @param from layouts of the gradients that will be given to {@link #backward}
   * @param fromShared whether each is a tensor that others have, too
   */
  void prepareBackward(List<MemoryData> from, List<Boolean> fromShared) {
    // All in the layout of the output: BigDL's batch normalisation silently needs it so.
    MemoryData base = format().cloneFormat();
    MemoryData[] only = {base};
    for (int i = 0; i < from.size(); i++) {
      OneDnnReorder reorder = new OneDnnReorder(from.get(i), base, runtime);
      gradients.add(reorder);
      shared.add(fromShared.get(i) && !reorder.copies());
    }
    if (needsInputGradient) {
      primitives.initBwdPrimitives(only, Phase.TrainingPhase$.MODULE$);
      towardsInput = new OneDnnReorder(base, primitives.gradOutputFormats()[0], runtime);
    }
    primitives.initGradWPrimitives(only, Phase.TrainingPhase$.MODULE$);
    MemoryData[] wanted = primitives.gradOutputWeightFormats();
    towardsWeights = new OneDnnReorder(base, wanted == null ? base : wanted[0], runtime);
  }

  void forward(List<Tensor<Float>> from) {
    copy(weights(own), weights(module));
    Tensor<?>[] moved = new Tensor<?>[from.size()];
    for (int i = 0; i < moved.length; i++) {
      moved[i] = values.get(i).apply(from.get(i));
    }
    input = moved.length == 1 ? moved[0] : new Table(moved);
    module.updateOutput(input);
    if (layer instanceof BatchNormalisation normalisation) {
      remember(normalisation.momentum());
    }
  }

  /** What BigDL's layer keeps without momentum is the mean and variance of the batch. */
  private void remember(double momentum) {
    Tensor<Float>[] ofBatch = module.getExtraParameter();
    Tensor<Float>[] running = own.getExtraParameter();
    for (int k = 0; k < running.length; k++) {
      for (int c = 0; c < running[k].nElement(); c++) {
        double kept = (1 - momentum) * Floats.at(running[k], c);
        Floats.set(running[k], c, momentum * Floats.at(ofBatch[k], c) + kept);
      }
    }
  }

  /**
   * Adds to the gradients of the weights and computes those by the inputs, if anybody wants them.
   *
   * @param by the gradients by its output of those who read it
   */
  void backward(List<Tensor<Float>> by) {
    Tensor<Float> gradient = added(by);
    if (needsInputGradient) {
      module.updateGradInput(input, towardsInput.apply(gradient));
    }
    module.accGradParameters(input, towardsWeights.apply(gradient));
    add(gradients(module), gradients(own));
  }

  private Tensor<Float> added(List<Tensor<Float>> by) {
    if (by.size() == 1) {
      return gradients.get(0).apply(by.get(0));
    }
    int target = shared.indexOf(false);
    if (target < 0) {
      sum = sum == null ? OneDnnPass.tensor(format(), primitives) : sum;
      sum.copy(gradients.get(0).apply(by.get(0)));
    } else {
      sum = gradients.get(target).apply(by.get(target));
    }
    for (int i = 0; i < by.size(); i++) {
      if (i != Math.max(target, 0)) {
        sum.add(gradients.get(i).apply(by.get(i)));
      }
    }
    return sum;
  }

  private static Tensor<Float>[] weights(AbstractModule<Activity, Activity, Float> module) {
    return module.parameters() == null ? OneDnnPass.none() : module.parameters()._1();
  }

  private static Tensor<Float>[] gradients(AbstractModule<Activity, Activity, Float> module) {
    return module.parameters() == null ? OneDnnPass.none() : module.parameters()._2();
  }

  /** The same numbers one after another, in tensors that may be cut otherwise. */
  private static void copy(Tensor<Float>[] from, Tensor<Float>[] to) {
    int part = 0;
    int at = 0;
    for (Tensor<Float> tensor : from) {
      int size = tensor.nElement();
      int start = Floats.offset(to[part]) + at;
      System.arraycopy(
          Floats.array(tensor), Floats.offset(tensor), Floats.array(to[part]), start, size);
      at += size;
      if (at == to[part].nElement()) {
        part++;
        at = 0;
      }
    }
  }

  private static void add(Tensor<Float>[] from, Tensor<Float>[] to) {
    int part = 0;
    int at = 0;
    for (Tensor<Float> tensor : to) {
      float[] sums = Floats.array(tensor);
      float[] more = Floats.array(from[part]);
      int start = Floats.offset(tensor);
      int first = Floats.offset(from[part]) + at;
      for (int i = 0; i < tensor.nElement(); i++) {
        sums[start + i] += more[first + i];
      }
      at += tensor.nElement();
      if (at == from[part].nElement()) {
        part++;
        at = 0;
      }
    }
  }

  @Override
  public void close() {
    values.forEach(OneDnnReorder::close);
    gradients.forEach(OneDnnReorder::close);
    if (towardsInput != null) {
      towardsInput.close();
    }
    if (towardsWeights != null) {
      towardsWeights.close();
    }
    module.release();
  }
}
