#include "inference/integer_program.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/monotonic_clock.h"
#include "base/status_macros.h"
#include "base/status_prefix.h"
#include "inference/byte_compiler.h"
#include "kernels/threads.h"
#include "models/shape_inference.h"

namespace tritlab {
namespace {

// A program that is another one but for what it overrides.
class ProgramAround : public IntegerProgram {
 public:
  explicit ProgramAround(std::unique_ptr<IntegerProgram> program)
      : program_(std::move(program)) {}

  int64_t batch() const override { return program_->batch(); }
  int64_t classes() const override { return program_->classes(); }
  Shape image() const override { return program_->image(); }
  double weight_error() const override { return program_->weight_error(); }
  int64_t weight_bytes() const override { return program_->weight_bytes(); }

 protected:
  IntegerProgram& program() const { return *program_; }

 private:
  const std::unique_ptr<IntegerProgram> program_;
};

// A batch in equal parts, one after another. The last one begins early enough
// to be whole: what it computes again has the same bits.
class ProgramInParts final : public ProgramAround {
 public:
  ProgramInParts(std::unique_ptr<IntegerProgram> part, int64_t batch)
      : ProgramAround(std::move(part)), batch_(batch) {}

  void Run(const uint8_t* pixels, float* logits) override {
    const int64_t part = program().batch();
    for (int64_t begin = 0; begin < batch_; begin += part) {
      const int64_t first = std::min(begin, batch_ - part);
      program().Run(pixels + first * image().image_size(),
                    logits + first * classes());
    }
  }
  int64_t batch() const override { return batch_; }
  Shape image() const override {
    Shape image = program().image();
    image.batch = batch_;
    return image;
  }

 private:
  const int64_t batch_;
};

// Threads wait for each other behind every layer. Where a layer takes little
// longer than that, one thread is the faster for itself.
class ProgramOnOneThread final : public ProgramAround {
 public:
  using ProgramAround::ProgramAround;  // of one made for one thread

  void Run(const uint8_t* pixels, float* logits) override {
    const ScopedThreads one(1);
    program().Run(pixels, logits);
  }
};

// Weights and images of a thread that stay in its second-level cache.
constexpr int64_t kCacheBytes = 512 * 1024;

bool WeightsStayInCache(const PackedModel& model) {
  return static_cast<int64_t>(model.tensors.size()) <= kCacheBytes;
}

absl::StatusOr<std::unique_ptr<IntegerProgram>> CompileForOneThread(
    const PackedModel& model, const IntegerProgram::Options& options) {
  const ScopedThreads one(1);
  ASSIGN_OR_RETURN(auto program, CompileByteProgram(model, options));
  return std::make_unique<ProgramOnOneThread>(std::move(program));
}

// The shortest of some runs over an image of zeros.
double MeasureSeconds(IntegerProgram& program) {
  constexpr int kRuns = 8;
  const std::vector<uint8_t> pixels(program.image().size());
  std::vector<float> logits(program.batch() * program.classes());
  double shortest = std::numeric_limits<double>::infinity();
  for (int run = 0; run < kRuns; ++run) {
    const double start = MonotonicSeconds();
    program.Run(pixels.data(), logits.data());
    shortest = std::min(shortest, MonotonicSeconds() - start);
  }
  return shortest;
}

// How many images keep what lies between two layers in the second-level cache;
// all, where weights would have to be read from memory for each part.
absl::StatusOr<int64_t> ImagesAtOnce(const PackedModel& model, int64_t batch) {
  if (!WeightsStayInCache(model)) return batch;
  ASSIGN_OR_RETURN(const ShapedGraph shaped,
                   InferShapes(model.description.graph(), 1));
  int64_t largest = 1;
  for (const Shape& shape : shaped.shapes)
    largest = std::max(largest, shape.size());
  // A layer's input, its output and a residual.
  const int64_t most =
      Threads() * std::max<int64_t>(1, kCacheBytes / (3 * largest));
  if (batch <= most) return batch;
  // Rather parts that do not overlap.
  for (int64_t part = most; part > most / 2; --part)
    if (batch % part == 0) return part;
  return most;
}

}  // namespace

absl::StatusOr<std::unique_ptr<IntegerProgram>> IntegerProgram::Create(
    const PackedModel& model, const Options& options) {
  const auto create = [&]() -> absl::StatusOr<std::unique_ptr<IntegerProgram>> {
    Options of_part = options;
    if (of_part.part == 0) {
      ASSIGN_OR_RETURN(of_part.part, ImagesAtOnce(model, options.batch));
    }
    of_part.batch = std::min(options.batch, of_part.part);
    ASSIGN_OR_RETURN(auto program, CompileByteProgram(model, of_part));
    if (of_part.batch != options.batch)
      return std::make_unique<ProgramInParts>(std::move(program),
                                              options.batch);
    // A few images of a small network: what takes longer depends on the
    // machine.
    if (Threads() == 1 || options.reference || options.batch > Threads() ||
        !WeightsStayInCache(model))
      return program;
    ASSIGN_OR_RETURN(auto alone, CompileForOneThread(model, of_part));
    const bool faster = MeasureSeconds(*alone) < MeasureSeconds(*program);
    return std::move(faster ? alone : program);
  };
  const auto caught = [&]() -> absl::StatusOr<std::unique_ptr<IntegerProgram>> {
    try {
      return create();
    } catch (const std::bad_alloc&) {
      return absl::ResourceExhaustedError(
          absl::StrCat("there is no memory for batches of ", options.batch,
                       "; use a smaller batch"));
    }
  };
  auto program = caught();
  if (!program.ok()) return WithPrefix("integer program", program.status());
  return program;
}

}  // namespace tritlab
