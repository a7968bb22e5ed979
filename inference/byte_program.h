// Internal to inference/integer_program: the steps of one batch, and the memory
// that they work on. inference/byte_compiler.h makes them of a packed model.
#ifndef TRITLAB_INFERENCE_BYTE_PROGRAM_H_
#define TRITLAB_INFERENCE_BYTE_PROGRAM_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "inference/byte_memory.h"
#include "inference/integer_program.h"
#include "kernels/tensor.h"

namespace tritlab {

class ByteProgram final : public IntegerProgram {
 public:
  // Without a step yet. image: its extents, with options.batch.
  ByteProgram(const Options& options, const Shape& image, int64_t classes)
      : options_(options), image_(image), classes_(classes) {}

  const Options& options() const { return options_; }
  // Returns the new buffer's number.
  int AddBuffer(int64_t bytes);
  // A buffer of f32 values that live from one step to the next ones of the same
  // layer: all layers share it.
  int ValuesBuffer(int64_t values);
  // Steps run in the order in which they were added.
  void AddStep(ByteStep step) { steps_.push_back(std::move(step)); }
  // Room for the sums of a linear layer with so many outputs.
  void ReserveSums(int64_t outputs);
  // A layer whose weights take so much memory, and are off by so much.
  void CountWeights(int64_t bytes, double error = 0);

  void Run(const uint8_t* pixels, float* logits) override;
  int64_t batch() const override { return options_.batch; }
  int64_t classes() const override { return classes_; }
  Shape image() const override { return image_; }
  double weight_error() const override { return weight_error_; }
  int64_t weight_bytes() const override { return weight_bytes_; }

 private:
  const Options options_;
  const Shape image_;
  const int64_t classes_;
  ByteMemory memory_;
  int values_buffer_ = -1;
  std::vector<ByteStep> steps_;
  double weight_error_ = 0;
  int64_t weight_bytes_ = 0;
};

}  // namespace tritlab

#endif  // TRITLAB_INFERENCE_BYTE_PROGRAM_H_
