package io.lakestill.bigdl;

/** The native library of matrix products that BigDL carries. */
public final class MatrixLibrary {
  private MatrixLibrary() {}

  /**
   * Loads it, as a training does, and multiplies two numbers with it.
   *
   * @throws LinkageError when it is not there, or not for this machine
   */
  public static void require() {
    float[] product = new float[1];
    Blas.Matrix one = new Blas.Matrix(new float[] {2}, 0, 1);
    Blas.product(
        1, 1, 1, 1, Blas.Form.PLAIN, one, Blas.Form.PLAIN, one, 0, new Blas.Matrix(product, 0, 1));
    if (product[0] != 4) {
      throw new UnsatisfiedLinkError("MKL says that 2 x 2 is " + product[0]);
    }
  }
}
