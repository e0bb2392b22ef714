/** ONNX models on executors: what they take and give, and running them fast. */
package io.lakestill.teacher;
