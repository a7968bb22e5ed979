#include "kernels/integer/ternary_linear.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "kernels/integer/intrinsics.h"

namespace tritlab {
namespace {

constexpr int64_t kRows = 4;         // outputs computed side by side
constexpr int64_t kBlock = 256;      // inputs whose codes fill 64 bytes
constexpr int64_t kBlockBytes = 64;  // of one output
constexpr int64_t kPlanes = 4;       // codes of a byte
constexpr int64_t kPlane = kBlock / kPlanes;  // inputs of a plane

constexpr int64_t kTile = 4;  // images of a tile

// What the rows of one group are multiplied with: all codes, or the upper bit
// of each alone.
constexpr uint8_t kAllBits = 3, kUpperBits = 2;

using RowSums = std::array<int32_t, kRows>;

// sum (code & bits) x' for the four outputs of a group. codes: the group's,
// [blocks][kRows][kBlockBytes]; shifted: [blocks][kBlock].
RowSums MultiplyPortable(const uint8_t* codes, const int8_t* shifted,
                         int64_t blocks, uint8_t bits) {
  RowSums sums = {};
  for (int64_t block = 0; block < blocks; ++block) {
    for (int64_t row = 0; row < kRows; ++row) {
      for (int64_t plane = 0; plane < kPlanes; ++plane) {
        const int8_t* const x = shifted + block * kBlock + plane * kPlane;
        for (int64_t j = 0; j < kBlockBytes; ++j)
          sums[row] += (codes[j] >> (2 * plane) & bits) * x[j];
      }
      codes += kBlockBytes;
    }
  }
  return sums;
}

#if defined(__x86_64__)

// Here codes are shifted down before they are multiplied: vpmaddubsw sums two
// products in 16 bits, which 2 * 64 * 128 would overflow.
__attribute__((target("avx2"))) RowSums MultiplyAvx2(const uint8_t* codes,
                                                     const int8_t* shifted,
                                                     int64_t blocks,
                                                     uint8_t bits) {
  const __m256i mask = _mm256_set1_epi8(static_cast<char>(bits));
  const __m256i ones = _mm256_set1_epi16(1);
  __m256i sums[kRows];
  for (__m256i& sum : sums) sum = _mm256_setzero_si256();
  for (int64_t block = 0; block < blocks; ++block) {
    for (int64_t row = 0; row < kRows; ++row) {
      for (int64_t half = 0; half < kBlockBytes; half += 32) {
        __m256i four =
            _mm256_loadu_si256(reinterpret_cast<const __m256i*>(codes + half));
        const int8_t* x = shifted + block * kBlock + half;
        // At most 4 * 2 * 2 * 128 in 16 bits.
        __m256i products = _mm256_setzero_si256();
        for (int64_t plane = 0; plane < kPlanes; ++plane) {
          products = _mm256_add_epi16(
              products,
              _mm256_maddubs_epi16(
                  _mm256_and_si256(four, mask),
                  _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x))));
          four = _mm256_srli_epi16(four, 2);
          x += kPlane;
        }
        sums[row] =
            _mm256_add_epi32(sums[row], _mm256_madd_epi16(products, ones));
      }
      codes += kBlockBytes;
    }
  }
  return {LaneSum(sums[0]), LaneSum(sums[1]), LaneSum(sums[2]),
          LaneSum(sums[3])};
}

// One output's 64 bytes of codes, plane by plane.
__attribute__((target("avx512f,avx512bw,avx512vnni"))) inline void AddProducts(
    const uint8_t* codes, const int8_t* x, const __m512i* masks,
    __m512i* sums) {
  const __m512i four = _mm512_loadu_si512(codes);
#pragma GCC unroll 4
  for (int64_t plane = 0; plane < kPlanes; ++plane) {
    sums[plane] =
        _mm512_dpbusd_epi32(sums[plane], _mm512_and_si512(four, masks[plane]),
                            _mm512_loadu_si512(x + plane * kPlane));
  }
}

// A mask and a product for 64 weights is what the processor's vector units have
// to do, and on many it takes longer than the memory: the activations are read
// anew for each output, since keeping them leaves too few registers for the
// sums.
__attribute__((target("avx512f,avx512bw,avx512vnni"))) RowSums
MultiplyAvx512Vnni(const uint8_t* codes, const int8_t* shifted, int64_t blocks,
                   uint8_t bits) {
  __m512i masks[kPlanes], sums[kRows][kPlanes];
  for (int plane = 0; plane < kPlanes; ++plane) {
    masks[plane] = _mm512_set1_epi8(static_cast<char>(bits << (2 * plane)));
    for (auto& row : sums) row[plane] = _mm512_setzero_si512();
  }
  for (int64_t block = 0; block < blocks; ++block) {
#pragma GCC unroll 4
    for (int64_t row = 0; row < kRows; ++row)
      AddProducts(codes + row * kBlockBytes, shifted, masks, sums[row]);
    codes += kRows * kBlockBytes;
    shifted += kBlock;
  }
  // Every lane of plane p is a multiple of 4^p.
  RowSums result;
  for (int row = 0; row < kRows; ++row) {
    __m512i sum = sums[row][0];
    for (int plane = 1; plane < kPlanes; ++plane)
      sum =
          _mm512_add_epi32(sum, _mm512_srai_epi32(sums[row][plane], 2 * plane));
    result[row] = LaneSum(sum);
  }
  return result;
}

// For kTile images at once: each mask then serves all of them. Plane by plane,
// since sums of different planes may not be added before they are divided, and
// there are not registers for all; the codes of a group stay in the first-level
// cache. shifted: [blocks][kPlanes][kTile][kPlane].
__attribute__((target("avx512f,avx512bw,avx512vnni"))) void
MultiplyTileAvx512Vnni(const uint8_t* codes, const int8_t* shifted,
                       int64_t blocks, uint8_t bits, RowSums* sums) {
  for (int64_t m = 0; m < kTile; ++m) sums[m] = {};
  for (int plane = 0; plane < kPlanes; ++plane) {
    const __m512i mask =
        _mm512_set1_epi8(static_cast<char>(bits << (2 * plane)));
    __m512i plane_sums[kTile][kRows];
    for (auto& image : plane_sums)
      for (__m512i& row : image) row = _mm512_setzero_si512();
    const uint8_t* four = codes;
    const int8_t* x = shifted + plane * kTile * kPlane;
    for (int64_t block = 0; block < blocks; ++block) {
#pragma GCC unroll 4
      for (int64_t row = 0; row < kRows; ++row) {
        const __m512i of_plane = _mm512_and_si512(
            _mm512_loadu_si512(four + row * kBlockBytes), mask);
#pragma GCC unroll 4
        for (int64_t m = 0; m < kTile; ++m) {
          plane_sums[m][row] = _mm512_dpbusd_epi32(
              plane_sums[m][row], of_plane, _mm512_loadu_si512(x + m * kPlane));
        }
      }
      four += kRows * kBlockBytes;
      x += kTile * kBlock;
    }
    for (int64_t m = 0; m < kTile; ++m) {
      for (int64_t row = 0; row < kRows; ++row)
        sums[m][row] += LaneSum(plane_sums[m][row]) >> (2 * plane);
    }
  }
}

#endif  // defined(__x86_64__)

RowSums MultiplyRows(IntegerInstructions instructions, const uint8_t* codes,
                     const int8_t* shifted, int64_t blocks, uint8_t bits) {
  switch (instructions) {
#if defined(__x86_64__)
    case IntegerInstructions::kAvx512Vnni:
      return MultiplyAvx512Vnni(codes, shifted, blocks, bits);
    case IntegerInstructions::kAvx2:
      return MultiplyAvx2(codes, shifted, blocks, bits);
#endif
    default:
      return MultiplyPortable(codes, shifted, blocks, bits);
  }
}

// How many of the images that are left are multiplied at once.
int64_t TileOf(IntegerInstructions instructions, int64_t images) {
  return instructions == IntegerInstructions::kAvx512Vnni && images >= kTile
             ? kTile
             : 1;
}

// MultiplyRows of a tile of images; shifted: [blocks][kPlanes][tile][kPlane].
void MultiplyTile(IntegerInstructions instructions, const uint8_t* codes,
                  const int8_t* shifted, [[maybe_unused]] int64_t tile,
                  int64_t blocks, uint8_t bits, RowSums* sums) {
#if defined(__x86_64__)
  if (tile == kTile)
    return MultiplyTileAvx512Vnni(codes, shifted, blocks, bits, sums);
#endif
  sums[0] = MultiplyRows(instructions, codes, shifted, blocks, bits);
}

}  // namespace

absl::StatusOr<std::unique_ptr<TernaryLinear>> TernaryLinear::Create(
    const IntegerLinearShape& shape, std::span<const int8_t> weights,
    IntegerInstructions instructions) {
  // 4^3 times the largest code, before the division.
  RETURN_IF_ERROR(shape.Validate(/*largest_weight=*/2 * 64));
  if (static_cast<int64_t>(weights.size()) != shape.inputs * shape.outputs) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "ternary linear: %d weights; %d inputs and %d outputs have %d",
        weights.size(), shape.inputs, shape.outputs,
        shape.inputs * shape.outputs));
  }
  for (size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] < -1 || weights[i] > 1) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "ternary linear: weight %d is %d; it must be -1, 0 or 1", i,
          weights[i]));
    }
  }
  std::unique_ptr<TernaryLinear> linear(new TernaryLinear(shape, instructions));
  const int64_t rows = linear->outputs_rounded_up();
  linear->packed_ = Buffer(rows * linear->blocks() * kBlockBytes);
  auto* const packed = static_cast<uint8_t*>(linear->packed_.data());
  std::memset(packed, 0x55, linear->packed_.bytes());  // codes of 1
  linear->weight_sums_.assign(rows, 0);
  linear->positive_counts_.assign(rows, 0);
  for (int64_t output = 0; output < shape.outputs; ++output) {
    for (int64_t input = 0; input < shape.inputs; ++input) {
      const int weight = weights[output * shape.inputs + input];
      linear->weight_sums_[output] += weight;
      linear->positive_counts_[output] += weight > 0;
      const int64_t block = input / kBlock, within = input % kBlock;
      uint8_t& byte =
          packed[((output / kRows * linear->blocks() + block) * kRows +
                  output % kRows) *
                     kBlockBytes +
                 within % kPlane];
      const int shift = static_cast<int>(2 * (within / kPlane));
      byte =
          static_cast<uint8_t>((byte & ~(3 << shift)) | (weight + 1) << shift);
    }
  }
  return linear;
}

TernaryLinear::TernaryLinear(const IntegerLinearShape& shape,
                             IntegerInstructions instructions)
    : shape_(shape), instructions_(instructions) {}

int64_t TernaryLinear::blocks() const {
  return (shape_.inputs + kBlock - 1) / kBlock;
}
int64_t TernaryLinear::outputs_rounded_up() const {
  return (shape_.outputs + kRows - 1) / kRows * kRows;
}

void TernaryLinear::Shift(int64_t batch, const uint8_t* input) {
  const int64_t padded = blocks() * kBlock;
  if (static_cast<int64_t>(shifted_.bytes()) < batch * padded)
    shifted_ = Buffer(batch * padded);
  std::memset(shifted_.data(), 0, batch * padded);
  shifted_sums_.assign(batch, 0);
  auto* shifted = static_cast<int8_t*>(shifted_.data());
  for (int64_t m = 0; m < batch;) {
    const int64_t tile = TileOf(instructions_, batch - m);
    for (int64_t i = 0; i < tile; ++i, ++m) {
      int32_t sum = 0;
      for (int64_t begin = 0; begin < shape_.inputs; begin += kPlane) {
        int8_t* const plane = shifted + begin * tile + i * kPlane;
        const int64_t count = std::min(kPlane, shape_.inputs - begin);
        for (int64_t k = 0; k < count; ++k) {
          plane[k] = static_cast<int8_t>(input[begin + k] - 128);
          sum += plane[k];
        }
      }
      shifted_sums_[m] = sum;
      input += shape_.inputs;
    }
    shifted += tile * padded;
  }
}

void TernaryLinear::Products(int64_t batch,
                             std::initializer_list<Part> parts) const {
  const auto* const packed = static_cast<const uint8_t*>(packed_.data());
  const auto* const shifted = static_cast<const int8_t*>(shifted_.data());
  const int64_t groups = outputs_rounded_up() / kRows;
  const int64_t stride = blocks() * kBlock;
#pragma omp parallel for schedule(static)
  for (int64_t group = 0; group < groups; ++group) {
    const uint8_t* const codes =
        packed + group * kRows * blocks() * kBlockBytes;
    const int64_t first = group * kRows;
    const int64_t rows = std::min(kRows, shape_.outputs - first);
    for (const Part& part : parts) {
      RowSums sums[kTile];
      for (int64_t m = 0; m < batch;) {
        const int64_t tile = TileOf(instructions_, batch - m);
        MultiplyTile(instructions_, codes, shifted + m * stride, tile, blocks(),
                     part.bits, sums);
        for (int64_t i = 0; i < tile; ++i, ++m) {
          std::copy(sums[i].begin(), sums[i].begin() + rows,
                    part.products + m * shape_.outputs + first);
        }
      }
    }
  }
}

void TernaryLinear::Multiply(int64_t batch, const uint8_t* input,
                             int32_t* sums) {
  Shift(batch, input);
  Products(batch, {{kAllBits, sums}});
  for (int64_t m = 0; m < batch; ++m) {
    for (int64_t o = 0; o < shape_.outputs; ++o)
      *sums++ += 128 * weight_sums_[o] - shifted_sums_[m];
  }
}

void TernaryLinear::MultiplySides(int64_t batch, const uint8_t* input,
                                  int32_t* positive, int32_t* negative) {
  Shift(batch, input);
  Products(batch, {{kAllBits, negative}, {kUpperBits, positive}});
  for (int64_t m = 0; m < batch; ++m) {
    for (int64_t o = 0; o < shape_.outputs; ++o, ++positive, ++negative) {
      const int32_t difference =
          *negative + 128 * weight_sums_[o] - shifted_sums_[m];
      // The upper bit is worth 2, and set where the weight is 1.
      *positive = *positive / 2 + 128 * positive_counts_[o];
      *negative = *positive - difference;
    }
  }
}

}  // namespace tritlab
