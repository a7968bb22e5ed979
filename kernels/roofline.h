// What this machine could do at most: the roofs that a kernel's speed is held
// against. Measured, not looked up, since clocks and neighbours move them.
#ifndef TRITLAB_KERNELS_ROOFLINE_H_
#define TRITLAB_KERNELS_ROOFLINE_H_

namespace tritlab {

struct Roofline {
  // Multiply-adds a second of products of large square matrices: of f32 by
  // oneDNN, and of u8 by any s8, exact (kernels/integer/s8_linear.h). Where
  // there is no VNNI, ternary and power-of-two products may exceed the latter:
  // their sums fit into 16 bits for a while.
  double f32_multiply_adds = 0;
  double s8_multiply_adds = 0;
  // Bytes a second that all threads read from memory.
  double bytes = 0;
};

// The best of some runs when it is first called, which takes about a second.
const Roofline& MeasuredRoofline();

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_ROOFLINE_H_
