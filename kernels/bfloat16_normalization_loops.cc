// The loops over bf16. Where the processor converts between bf16 and f32, up to
// four vectors of 16 columns are taken down all rows, so that sums and what is
// one value a channel stay in registers. Elsewhere, and for channels that are
// not a multiple of 16, some rows at a time become floats, which stay in the
// nearest cache meanwhile.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "kernels/bfloat16_conversion.h"
#include "kernels/intrinsics.h"
#include "kernels/normalization_loops.h"
#include "kernels/onednn_info.h"
#include "kernels/scratch_memory.h"

namespace tritlab {
namespace {

#if defined(__x86_64__)

#define TRITLAB_BF16 __attribute__((target("avx512f,avx512bf16,avx512vl")))
#define TRITLAB_BF16_INLINE TRITLAB_BF16 inline __attribute__((always_inline))

constexpr int64_t kLanes = 16;

TRITLAB_BF16_INLINE __m512 LoadFloats(const BFloat16* source) {
  const __m256i halves =
      _mm256_loadu_si256(reinterpret_cast<const __m256i*>(source));
  return _mm512_castsi512_ps(
      _mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
}
TRITLAB_BF16_INLINE void StoreFloats(__m512 values, BFloat16* target) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(target),
                      (__m256i)_mm512_cvtneps_pbh(values));
}
// What so many vectors will be read from or written to 2 KB later: the
// processor's own fetching ahead ends with each page.
template <int kVectors>
TRITLAB_BF16_INLINE void FetchAhead(const BFloat16* at) {
  constexpr int64_t kAhead = 1024;
#pragma GCC unroll 2
  for (int i = 0; i < kVectors; i += 2)
    _mm_prefetch(reinterpret_cast<const char*>(at + kAhead + i * kLanes),
                 _MM_HINT_T0);
}

// NaN comes through.
TRITLAB_BF16_INLINE __m512 Relu(__m512 values) {
  return _mm512_max_ps(_mm512_setzero_ps(), values);
}

// The gradient before a ReLU, whose values or results are given.
TRITLAB_BF16_INLINE __m512 BeforeRelu(__m512 values, __m512 gradient) {
  return _mm512_maskz_mov_ps(
      _mm512_cmp_ps_mask(values, _mm512_setzero_ps(), _CMP_GT_OQ), gradient);
}

// One value a channel of kVectors vectors.
template <int kVectors>
struct Columns {
  __m512 v[kVectors];

  TRITLAB_BF16_INLINE explicit Columns(const float* row) {
#pragma GCC unroll 4
    for (int i = 0; i < kVectors; ++i) v[i] = _mm512_loadu_ps(row + i * kLanes);
  }
  TRITLAB_BF16_INLINE void Store(float* row) const {
#pragma GCC unroll 4
    for (int i = 0; i < kVectors; ++i) _mm512_storeu_ps(row + i * kLanes, v[i]);
  }
};

// The vectors of RowVectors, from column j on.
template <int kVectors>
struct Affine {
  Columns<kVectors> mean, factor, shift;

  TRITLAB_BF16_INLINE Affine(const RowVectors& rows, int64_t j)
      : mean(rows.mean + j), factor(rows.factor + j), shift(rows.shift + j) {}
  TRITLAB_BF16_INLINE __m512 Of(__m512 deviation, int i) const {
    return _mm512_fmadd_ps(deviation, factor.v[i], shift.v[i]);
  }
};

// Each loop has Down<kVectors>(begin, rows, j): kVectors vectors from column j
// on, in so many whole rows from element `begin` on.

struct MomentsLoop {
  const BFloat16* input;
  const float* origin;
  float* sums;
  float* squares;
  int64_t width;

  template <int kVectors>
  TRITLAB_BF16 void Down(int64_t begin, int64_t rows, int64_t j) const {
    const Columns<kVectors> from(origin + j);
    Columns<kVectors> sum(sums + j), square(squares + j);
    const BFloat16* at = input + begin + j;
    for (int64_t row = 0; row < rows; ++row, at += width) {
      FetchAhead<kVectors>(at);
#pragma GCC unroll 4
      for (int i = 0; i < kVectors; ++i) {
        const __m512 difference =
            _mm512_sub_ps(LoadFloats(at + i * kLanes), from.v[i]);
        sum.v[i] = _mm512_add_ps(sum.v[i], difference);
        square.v[i] = _mm512_fmadd_ps(difference, difference, square.v[i]);
      }
    }
    sum.Store(sums + j);
    square.Store(squares + j);
  }
};

template <Tail tail>
struct NormalizeLoop {
  const BFloat16* input;
  const BFloat16* addend;
  BFloat16* output;
  RowVectors vectors;
  int64_t width;

  template <int kVectors>
  TRITLAB_BF16 void Down(int64_t begin, int64_t rows, int64_t j) const {
    const Affine<kVectors> affine(vectors, j);
    int64_t at = begin + j;
    for (int64_t row = 0; row < rows; ++row, at += width) {
      FetchAhead<kVectors>(input + at);
      FetchAhead<kVectors>(output + at);
      if constexpr (tail == Tail::kAddRelu) FetchAhead<kVectors>(addend + at);
#pragma GCC unroll 4
      for (int i = 0; i < kVectors; ++i) {
        const int64_t element = at + i * kLanes;
        __m512 value = affine.Of(
            _mm512_sub_ps(LoadFloats(input + element), affine.mean.v[i]), i);
        if constexpr (tail == Tail::kAddRelu)
          value = _mm512_add_ps(value, LoadFloats(addend + element));
        if constexpr (tail != Tail::kNothing) value = Relu(value);
        StoreFloats(value, output + element);
      }
    }
  }
};

template <Tail tail, bool two>
struct GradientSumsLoop {
  Received<BFloat16> from;
  BFloat16* masked;
  RowVectors vectors;
  float* sums;
  float* products;
  int64_t width;

  template <int kVectors>
  TRITLAB_BF16 void Down(int64_t begin, int64_t rows, int64_t j) const {
    const Affine<kVectors> affine(vectors, j);
    Columns<kVectors> sum(sums + j), product(products + j);
    int64_t at = begin + j;
    for (int64_t row = 0; row < rows; ++row, at += width) {
      FetchAhead<kVectors>(from.input + at);
      FetchAhead<kVectors>(from.gradient + at);
      if constexpr (two) FetchAhead<kVectors>(from.gradient_2 + at);
      if constexpr (tail == Tail::kAddRelu) {
        FetchAhead<kVectors>(from.output + at);
        FetchAhead<kVectors>(masked + at);
      }
#pragma GCC unroll 4
      for (int i = 0; i < kVectors; ++i) {
        const int64_t element = at + i * kLanes;
        const __m512 deviation =
            _mm512_sub_ps(LoadFloats(from.input + element), affine.mean.v[i]);
        __m512 g = LoadFloats(from.gradient + element);
        if constexpr (two)
          g = _mm512_add_ps(g, LoadFloats(from.gradient_2 + element));
        if constexpr (tail != Tail::kNothing) {
          const __m512 behind = tail == Tail::kRelu
                                    ? affine.Of(deviation, i)
                                    : LoadFloats(from.output + element);
          g = BeforeRelu(behind, g);
        }
        if constexpr (tail == Tail::kAddRelu) StoreFloats(g, masked + element);
        sum.v[i] = _mm512_add_ps(sum.v[i], g);
        product.v[i] = _mm512_fmadd_ps(g, deviation, product.v[i]);
      }
    }
    sum.Store(sums + j);
    product.Store(products + j);
  }
};

template <bool relu>
struct InputGradientLoop {
  const BFloat16* input;
  const BFloat16* gradient;
  BFloat16* grad_input;
  RowVectors vectors;
  const float* mean_gradient;
  const float* slope;
  int64_t width;

  template <int kVectors>
  TRITLAB_BF16 void Down(int64_t begin, int64_t rows, int64_t j) const {
    const Affine<kVectors> affine(vectors, j);
    const Columns<kVectors> mean(mean_gradient + j), slopes(slope + j);
    int64_t at = begin + j;
    for (int64_t row = 0; row < rows; ++row, at += width) {
      FetchAhead<kVectors>(input + at);
      FetchAhead<kVectors>(gradient + at);
#pragma GCC unroll 4
      for (int i = 0; i < kVectors; ++i) {
        const int64_t element = at + i * kLanes;
        const __m512 deviation =
            _mm512_sub_ps(LoadFloats(input + element), affine.mean.v[i]);
        __m512 g = LoadFloats(gradient + element);
        if constexpr (relu) g = BeforeRelu(affine.Of(deviation, i), g);
        const __m512 rest = _mm512_fnmadd_ps(deviation, slopes.v[i],
                                             _mm512_sub_ps(g, mean.v[i]));
        StoreFloats(_mm512_mul_ps(affine.factor.v[i], rest),
                    grad_input + element);
      }
    }
  }
};

template <typename Loop>
void DownAllColumns(const Loop& loop, int64_t begin, int64_t rows,
                    int64_t width) {
  int64_t j = 0;
  for (; j + 4 * kLanes <= width; j += 4 * kLanes)
    loop.template Down<4>(begin, rows, j);
  for (; j < width; j += kLanes) loop.template Down<1>(begin, rows, j);
}

bool CanGoDown(int64_t count, int64_t width) {
  static const bool converts = HasNativeBF16();
  return converts && width % kLanes == 0 && count % kLanes == 0;
}

template <typename Loop>
void Over(const Loop& loop, int64_t count) {
  const int64_t whole = count / loop.width;
  DownAllColumns(loop, 0, whole, loop.width);
  const int64_t rest = count % loop.width;
  if (rest > 0) DownAllColumns(loop, whole * loop.width, 1, rest);
}

#endif  // defined(__x86_64__)

thread_local ScratchMemory scratch_memory;

// Calls function(begin, n, stages) for one part of some whole rows after the
// other, with room for n floats in each stage.
template <size_t kStages, typename Function>
void InStages(int64_t count, int64_t width, const Function& function) {
  const int64_t most = std::max(width, kConvertedAtATime / width * width);
  auto* const memory = reinterpret_cast<float*>(
      scratch_memory.AtLeast(kStages * most * sizeof(float)));
  std::array<float*, kStages> stages;
  for (size_t i = 0; i < kStages; ++i) stages[i] = memory + i * most;
  for (int64_t begin = 0; begin < count; begin += most)
    function(begin, std::min(most, count - begin), stages);
}

// From element `begin` on; null stays null.
const float* Read(const BFloat16* source, int64_t begin, int64_t count,
                  float* stage) {
  if (source == nullptr) return nullptr;
  Widen(source + begin, stage, count);
  return stage;
}

}  // namespace

void Moments(const BFloat16* input, int64_t count, int64_t width,
             const float* origin, float* sums, float* squares) {
#if defined(__x86_64__)
  if (CanGoDown(count, width))
    return Over(MomentsLoop{input, origin, sums, squares, width}, count);
#endif
  InStages<1>(count, width, [&](int64_t begin, int64_t n, const auto& stages) {
    Moments(Read(input, begin, n, stages[0]), n, width, origin, sums, squares);
  });
}

void Normalize(Tail tail, const BFloat16* input, const BFloat16* addend,
               BFloat16* output, int64_t count, int64_t width,
               const RowVectors& rows) {
#if defined(__x86_64__)
  const auto over = [&]<Tail kTail>() {
    Over(NormalizeLoop<kTail>{input, addend, output, rows, width}, count);
  };
  if (CanGoDown(count, width)) {
    switch (tail) {
      case Tail::kNothing:
        return over.template operator()<Tail::kNothing>();
      case Tail::kRelu:
        return over.template operator()<Tail::kRelu>();
      case Tail::kAddRelu:
        return over.template operator()<Tail::kAddRelu>();
    }
  }
#endif
  InStages<2>(count, width, [&](int64_t begin, int64_t n, const auto& stages) {
    Normalize(tail, Read(input, begin, n, stages[0]),
              Read(addend, begin, n, stages[1]), stages[0], n, width, rows);
    Narrow(stages[0], output + begin, n);
  });
}

void GradientSums(Tail tail, const Received<BFloat16>& from, BFloat16* masked,
                  int64_t count, int64_t width, const RowVectors& rows,
                  float* sums, float* products) {
#if defined(__x86_64__)
  const auto over = [&]<Tail kTail, bool kTwo>() {
    Over(GradientSumsLoop<kTail, kTwo>{from, masked, rows, sums, products,
                                       width},
         count);
  };
  if (CanGoDown(count, width)) {
    switch (tail) {
      case Tail::kNothing:
        return over.template operator()<Tail::kNothing, false>();
      case Tail::kRelu:
        return over.template operator()<Tail::kRelu, false>();
      case Tail::kAddRelu:
        return from.gradient_2 != nullptr
                   ? over.template operator()<Tail::kAddRelu, true>()
                   : over.template operator()<Tail::kAddRelu, false>();
    }
  }
#endif
  InStages<4>(count, width, [&](int64_t begin, int64_t n, const auto& stages) {
    GradientSums(tail,
                 {Read(from.input, begin, n, stages[0]),
                  Read(from.output, begin, n, stages[1]),
                  Read(from.gradient, begin, n, stages[2]),
                  Read(from.gradient_2, begin, n, stages[3])},
                 stages[2], n, width, rows, sums, products);
    if (masked != nullptr) Narrow(stages[2], masked + begin, n);
  });
}

void InputGradient(bool relu, const BFloat16* input, const BFloat16* gradient,
                   BFloat16* grad_input, int64_t count, int64_t width,
                   const RowVectors& rows, const float* mean_gradient,
                   const float* slope) {
#if defined(__x86_64__)
  const auto over = [&]<bool kRelu>() {
    Over(InputGradientLoop<kRelu>{input, gradient, grad_input, rows,
                                  mean_gradient, slope, width},
         count);
  };
  if (CanGoDown(count, width)) {
    return relu ? over.template operator()<true>()
                : over.template operator()<false>();
  }
#endif
  InStages<2>(count, width, [&](int64_t begin, int64_t n, const auto& stages) {
    InputGradient(relu, Read(input, begin, n, stages[0]),
                  Read(gradient, begin, n, stages[1]), stages[1], n, width,
                  rows, mean_gradient, slope);
    Narrow(stages[1], grad_input + begin, n);
  });
}

}  // namespace tritlab
