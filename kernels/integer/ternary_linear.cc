#include "kernels/integer/ternary_linear.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "kernels/integer/lane_sums.h"
#include "kernels/intrinsics.h"

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

__attribute__((target("avx512f,avx512bw,avx512vnni"))) RowSums
MultiplyAvx512Vnni(const uint8_t* codes, const int8_t* shifted, int64_t blocks,
                   uint8_t bits) {
  __m512i masks[kPlanes], sums[kRows][kPlanes];
#pragma GCC unroll 4
  for (int plane = 0; plane < kPlanes; ++plane) {
    masks[plane] = _mm512_set1_epi8(static_cast<char>(bits << (2 * plane)));
#pragma GCC unroll 4
    for (int row = 0; row < kRows; ++row)
      sums[row][plane] = _mm512_setzero_si512();
  }
  for (int64_t block = 0; block < blocks; ++block) {
    __m512i x[kPlanes];
#pragma GCC unroll 4
    for (int plane = 0; plane < kPlanes; ++plane)
      x[plane] = _mm512_loadu_si512(shifted + plane * kPlane);
#pragma GCC unroll 4
    for (int row = 0; row < kRows; ++row) {
      const __m512i four = _mm512_loadu_si512(codes + row * kBlockBytes);
      _mm_prefetch(codes + row * kBlockBytes + kAheadBytes, _MM_HINT_T0);
#pragma GCC unroll 4
      for (int plane = 0; plane < kPlanes; ++plane) {
        sums[row][plane] = _mm512_dpbusd_epi32(
            sums[row][plane], _mm512_and_si512(four, masks[plane]), x[plane]);
      }
    }
    codes += kRows * kBlockBytes;
    shifted += kBlock;
  }
  // Every lane of plane p is a multiple of 4^p.
  __m512i totals[kRows];
#pragma GCC unroll 4
  for (int row = 0; row < kRows; ++row) {
    totals[row] = sums[row][0];
#pragma GCC unroll 4
    for (int plane = 1; plane < kPlanes; ++plane) {
      totals[row] = _mm512_add_epi32(
          totals[row], _mm512_srai_epi32(sums[row][plane], 2 * plane));
    }
  }
  return LaneSums(totals);
}

// For kTile images at once: each code that is shifted down and masked then
// serves all of them, and sums of all planes are one.
// shifted: [blocks][kPlanes][kTile][kPlane].
__attribute__((target("avx512f,avx512bw,avx512vnni"))) void
MultiplyTileAvx512Vnni(const uint8_t* codes, const int8_t* shifted,
                       int64_t blocks, uint8_t bits, RowSums* sums) {
  const __m512i mask = _mm512_set1_epi8(static_cast<char>(bits));
  __m512i of_tile[kTile][kRows];
#pragma GCC unroll 4
  for (int m = 0; m < kTile; ++m) {
#pragma GCC unroll 4
    for (int row = 0; row < kRows; ++row)
      of_tile[m][row] = _mm512_setzero_si512();
  }
  for (int64_t block = 0; block < blocks; ++block) {
    __m512i four[kRows];
#pragma GCC unroll 4
    for (int row = 0; row < kRows; ++row)
      four[row] = _mm512_loadu_si512(codes + row * kBlockBytes);
#pragma GCC unroll 4
    for (int plane = 0; plane < kPlanes; ++plane) {
#pragma GCC unroll 4
      for (int row = 0; row < kRows; ++row) {
        const __m512i of_plane = _mm512_and_si512(four[row], mask);
        four[row] = _mm512_srli_epi16(four[row], 2);
#pragma GCC unroll 4
        for (int m = 0; m < kTile; ++m) {
          of_tile[m][row] = _mm512_dpbusd_epi32(
              of_tile[m][row], of_plane,
              _mm512_loadu_si512(shifted + (plane * kTile + m) * kPlane));
        }
      }
    }
    codes += kRows * kBlockBytes;
    shifted += kTile * kBlock;
  }
#pragma GCC unroll 4
  for (int m = 0; m < kTile; ++m) sums[m] = LaneSums(of_tile[m]);
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
  RETURN_IF_ERROR(shape.Validate());
  // Codes of up to 2 with inputs of up to 128 below or above 0, and two terms
  // half as large each. A lane sees 4 of a block's 256 inputs, so that 4^3
  // times the largest code is no more.
  RETURN_IF_ERROR(CheckSumFits("ternary linear", 4 * shape.inputs));
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
      const int8_t weight = weights[output * shape.inputs + input];
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

void TernaryLinear::Shift(const uint8_t* input, int64_t first, int64_t tile) {
  const int64_t padded = blocks() * kBlock;
  auto* const shifted = static_cast<int8_t*>(shifted_.data()) + first * padded;
  std::memset(shifted, 0, tile * padded);
  for (int64_t i = 0; i < tile; ++i) {
    const uint8_t* const image = input + (first + i) * shape_.inputs;
    int32_t sum = 0;
    for (int64_t begin = 0; begin < shape_.inputs; begin += kPlane) {
      int8_t* const plane = shifted + begin * tile + i * kPlane;
      const int64_t count = std::min(kPlane, shape_.inputs - begin);
      for (int64_t k = 0; k < count; ++k) {
        plane[k] = static_cast<int8_t>(image[begin + k] - 128);
        sum += plane[k];
      }
    }
    shifted_sums_[first + i] = sum;
  }
}

template <size_t kParts, typename Finish>
void TernaryLinear::Products(int64_t batch, const uint8_t* input,
                             const std::array<uint8_t, kParts>& bits,
                             const Finish& finish) {
  const int64_t groups = outputs_rounded_up() / kRows;
  const int64_t padded = blocks() * kBlock;
  if (static_cast<int64_t>(shifted_.bytes()) < batch * padded)
    shifted_ = Buffer(batch * padded);
  shifted_sums_.resize(batch);
  // Images by tiles; what is left one by one.
  const int64_t tile = TileOf(instructions_, batch);
  const int64_t tiles = batch / tile + batch % tile;
  const auto first_of = [&](int64_t t) {
    return std::min(t, batch / tile) * (tile - 1) + t;
  };
  const auto* const packed = static_cast<const uint8_t*>(packed_.data());
  const auto* const shifted = static_cast<const int8_t*>(shifted_.data());
#pragma omp parallel
  {
#pragma omp for schedule(static)
    for (int64_t t = 0; t < tiles; ++t)
      Shift(input, first_of(t), first_of(t + 1) - first_of(t));
#pragma omp for schedule(static)
    for (int64_t group = 0; group < groups; ++group) {
      const uint8_t* const codes =
          packed + group * kRows * blocks() * kBlockBytes;
      const int64_t rows = std::min(kRows, shape_.outputs - group * kRows);
      for (int64_t t = 0; t < tiles; ++t) {
        const int64_t first = first_of(t), images = first_of(t + 1) - first;
        RowSums sums[kParts][kTile];
        for (size_t part = 0; part < kParts; ++part) {
          MultiplyTile(instructions_, codes, shifted + first * padded, images,
                       blocks(), bits[part], sums[part]);
        }
        for (int64_t i = 0; i < images; ++i) {
          for (int64_t row = 0; row < rows; ++row) {
            std::array<int32_t, kParts> of_row;
            for (size_t part = 0; part < kParts; ++part)
              of_row[part] = sums[part][i][row];
            finish(first + i, group * kRows + row, of_row);
          }
        }
      }
    }
  }
}

void TernaryLinear::Multiply(int64_t batch, const uint8_t* input,
                             int32_t* sums) {
  Products<1>(
      batch, input, {kAllBits},
      [&](int64_t m, int64_t o, const std::array<int32_t, 1>& products) {
        sums[m * shape_.outputs + o] =
            products[0] + 128 * weight_sums_[o] - shifted_sums_[m];
      });
}

void TernaryLinear::MultiplySides(int64_t batch, const uint8_t* input,
                                  int32_t* positive, int32_t* negative) {
  Products<2>(
      batch, input, {kAllBits, kUpperBits},
      [&](int64_t m, int64_t o, const std::array<int32_t, 2>& products) {
        const int32_t difference =
            products[0] + 128 * weight_sums_[o] - shifted_sums_[m];
        // The upper bit is worth 2, and set where the weight is 1.
        const int32_t of_ones = products[1] / 2 + 128 * positive_counts_[o];
        positive[m * shape_.outputs + o] = of_ones;
        negative[m * shape_.outputs + o] = of_ones - difference;
      });
}

}  // namespace tritlab
