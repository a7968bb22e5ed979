#include "kernels/roofline.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

#include "kernels/integer/s8_linear.h"
#include "kernels/linear.h"

namespace tritlab {
namespace {

constexpr int64_t kSide = 1024;
constexpr double kMultiplyAdds = static_cast<double>(kSide) * kSide * kSide;

template <typename Function>
double BestSeconds(int runs, const Function& function) {
  double best = 1e9;
  for (int run = 0; run < runs; ++run) {
    const auto start = std::chrono::steady_clock::now();
    function();
    const std::chrono::duration<double> took =
        std::chrono::steady_clock::now() - start;
    best = std::min(best, took.count());
  }
  return best;
}

double F32MultiplyAdds() {
  const auto linear = Linear::Create(
      {.batch = kSide, .in_features = kSide, .out_features = kSide},
      DataType::kF32, /*training=*/false);
  if (!linear.ok()) return 0;
  (*linear)->SetWeights(std::vector<float>(kSide * kSide, 0.5f),
                        std::vector<float>(kSide, 0.0f));
  const std::vector<float> input(kSide * kSide, 0.5f);
  std::vector<float> output(input.size());
  return kMultiplyAdds / BestSeconds(20, [&] {
           (*linear)->Forward(input.data(), output.data());
         });
}

double S8MultiplyAdds() {
  const auto linear =
      S8Linear::Create(kSide, {.inputs = kSide, .outputs = kSide},
                       std::vector<int8_t>(kSide * kSide, 3));
  if (!linear.ok()) return 0;
  const std::vector<uint8_t> input(kSide * kSide, 7);
  std::vector<int32_t> sums(input.size());
  return kMultiplyAdds / BestSeconds(40, [&] {
           (*linear)->Multiply(input.data(), sums.data());
         });
}

// More than any cache holds.
double ReadBytes() {
  const std::vector<int64_t> values(int64_t{1} << 25, 1);
  const auto count = static_cast<int64_t>(values.size());
  volatile int64_t kept = 0;
  const double seconds = BestSeconds(5, [&] {
    int64_t sum = 0;
#pragma omp parallel for simd schedule(static) reduction(+ : sum)
    for (int64_t i = 0; i < count; ++i) sum += values[i];
    kept = sum;
  });
  return static_cast<double>(count) * sizeof(int64_t) / seconds;
}

}  // namespace

const Roofline& MeasuredRoofline() {
  static const Roofline roofline = {.f32_multiply_adds = F32MultiplyAdds(),
                                    .s8_multiply_adds = S8MultiplyAdds(),
                                    .bytes = ReadBytes()};
  return roofline;
}

}  // namespace tritlab
