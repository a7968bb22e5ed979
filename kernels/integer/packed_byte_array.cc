#include "kernels/integer/packed_byte_array.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "kernels/intrinsics.h"

namespace tritlab {
namespace {

constexpr int64_t kBlockBytes = 64;
// Less is unpacked sooner than other threads wake.
constexpr int64_t kSerialBelow = 256;  // blocks

// values[plane * 64 + j] = codebook[code `plane` of byte j]
void UnpackBlockPortable(const uint8_t* codes, int bits, const int8_t* codebook,
                         int8_t* values) {
  const int mask = (1 << bits) - 1;
  for (int shift = 0; shift < 8; shift += bits) {
    for (int64_t j = 0; j < kBlockBytes; ++j)
      *values++ = codebook[codes[j] >> shift & mask];
  }
}

#if defined(__x86_64__)

__attribute__((target("avx2"))) void UnpackBlockAvx2(const uint8_t* codes,
                                                     int bits,
                                                     const int8_t* codebook,
                                                     int8_t* values) {
  const __m256i table = _mm256_broadcastsi128_si256(
      _mm_loadu_si128(reinterpret_cast<const __m128i*>(codebook)));
  const __m256i mask = _mm256_set1_epi8(static_cast<char>((1 << bits) - 1));
  const __m128i count = _mm_cvtsi32_si128(bits);
  for (int64_t half = 0; half < kBlockBytes; half += 32) {
    __m256i shifted =
        _mm256_loadu_si256(reinterpret_cast<const __m256i*>(codes + half));
    int8_t* to = values + half;
    for (int shift = 0; shift < 8; shift += bits) {
      _mm256_storeu_si256(
          reinterpret_cast<__m256i*>(to),
          _mm256_shuffle_epi8(table, _mm256_and_si256(shifted, mask)));
      shifted = _mm256_srl_epi16(shifted, count);
      to += kBlockBytes;
    }
  }
}

__attribute__((target("avx512f,avx512bw"))) void UnpackBlockAvx512(
    const uint8_t* codes, int bits, const int8_t* codebook, int8_t* values) {
  const __m512i table = _mm512_broadcast_i32x4(
      _mm_loadu_si128(reinterpret_cast<const __m128i*>(codebook)));
  const __m512i mask = _mm512_set1_epi8(static_cast<char>((1 << bits) - 1));
  const __m128i count = _mm_cvtsi32_si128(bits);
  __m512i shifted = _mm512_loadu_si512(codes);
  for (int shift = 0; shift < 8; shift += bits) {
    _mm512_storeu_si512(
        values, _mm512_shuffle_epi8(table, _mm512_and_si512(shifted, mask)));
    shifted = _mm512_srl_epi16(shifted, count);
    values += kBlockBytes;
  }
}

#endif  // defined(__x86_64__)

void UnpackBlock(IntegerInstructions instructions, const uint8_t* codes,
                 int bits, const int8_t* codebook, int8_t* values) {
  switch (instructions) {
#if defined(__x86_64__)
    case IntegerInstructions::kAvx512Vnni:
      return UnpackBlockAvx512(codes, bits, codebook, values);
    case IntegerInstructions::kAvx2:
      return UnpackBlockAvx2(codes, bits, codebook, values);
#endif
    default:
      return UnpackBlockPortable(codes, bits, codebook, values);
  }
}

int64_t ValuesOfBlock(int bits) { return kBlockBytes * 8 / bits; }

}  // namespace

std::optional<PackedByteArray> PackedByteArray::Pack(
    std::span<const int8_t> values) {
  std::array<int, 256> code_of;  // by value + 128
  code_of.fill(-1);
  PackedByteArray packed;
  int different = 0;
  for (const int8_t value : values) {
    int& code = code_of[value + 128];
    if (code >= 0) continue;
    if (different == static_cast<int>(packed.codebook_.size()))
      return std::nullopt;
    packed.codebook_[different] = value;
    code = different++;
  }
  packed.size_ = static_cast<int64_t>(values.size());
  packed.bits_ = different <= 4 ? 2 : 4;
  const int64_t block = ValuesOfBlock(packed.bits_);
  packed.codes_ = Buffer((packed.size_ + block - 1) / block * kBlockBytes);
  auto* const codes = static_cast<uint8_t*>(packed.codes_.data());
  for (int64_t i = 0; i < packed.size_; ++i) {
    const int64_t plane = i % block / kBlockBytes;
    codes[i / block * kBlockBytes + i % kBlockBytes] |=
        code_of[values[i] + 128] << (plane * packed.bits_);
  }
  return packed;
}

void PackedByteArray::Unpack(int8_t* values,
                             IntegerInstructions instructions) const {
  const int64_t block = ValuesOfBlock(bits_);
  const auto* const codes = static_cast<const uint8_t*>(codes_.data());
  const int64_t whole = size_ / block;
#pragma omp parallel for schedule(static) if (whole >= kSerialBelow)
  for (int64_t i = 0; i < whole; ++i) {
    UnpackBlock(instructions, codes + i * kBlockBytes, bits_, codebook_.data(),
                values + i * block);
  }
  if (const int64_t rest = size_ % block; rest > 0) {
    int8_t last[kBlockBytes * 4];
    UnpackBlock(instructions, codes + whole * kBlockBytes, bits_,
                codebook_.data(), last);
    std::memcpy(values + whole * block, last, rest);
  }
}

}  // namespace tritlab
