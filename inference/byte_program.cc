#include "inference/byte_program.h"

#include <algorithm>
#include <cstddef>

namespace tritlab {

int ByteProgram::AddBuffer(int64_t bytes) {
  memory_.buffers.emplace_back(bytes);
  return static_cast<int>(memory_.buffers.size()) - 1;
}

int ByteProgram::ValuesBuffer(int64_t values) {
  const int64_t bytes = values * int64_t{sizeof(float)};
  if (values_buffer_ < 0) return values_buffer_ = AddBuffer(bytes);
  Buffer& buffer = memory_.buffers[values_buffer_];
  if (static_cast<int64_t>(buffer.bytes()) < bytes) {
    buffer = Buffer();  // frees the old one before taking the new one
    buffer = Buffer(bytes);
  }
  return values_buffer_;
}

void ByteProgram::ReserveSums(int64_t outputs) {
  const auto count = static_cast<size_t>(options_.batch * outputs);
  memory_.sums.resize(std::max(memory_.sums.size(), count));
  memory_.more_sums.resize(memory_.sums.size());
}

void ByteProgram::CountWeights(int64_t bytes, double error) {
  weight_bytes_ += bytes;
  weight_error_ = std::max(weight_error_, error);
}

void ByteProgram::Run(const uint8_t* pixels, float* logits) {
  memory_.pixels = pixels;
  memory_.logits = logits;
  for (const ByteStep& step : steps_) step(memory_);
}

}  // namespace tritlab
