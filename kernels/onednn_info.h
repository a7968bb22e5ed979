// What a report says about the arithmetic that a run was done with.
#ifndef TRITLAB_KERNELS_ONEDNN_INFO_H_
#define TRITLAB_KERNELS_ONEDNN_INFO_H_

#include <string>

#include "kernels/tensor.h"

namespace tritlab {

// The version of the loaded library: "3.7.2".
std::string OneDnnVersion();

// The instruction set that oneDNN generates code for, by its name in
// ONEDNN_MAX_CPU_ISA (which lowers it): "AVX512_CORE_VNNI".
std::string InstructionSet();

// Whether oneDNN generates code for AVX-512.
bool HasAvx512();

// Whether the processor has instructions for bf16 (AVX512-BF16, AMX). bf16
// works elsewhere, too.
bool HasNativeBF16();

// Whether it multiplies bf16 faster than f32: by AMX, or by the AVX512-BF16 of
// AMD. Intel's has half the rate of its f32 (37 and 77 thousand million
// multiply-adds a second on one core of an Emerald Rapids).
bool HasFastBF16Products();

// Of activations, where nobody asks for one: the type with the faster products.
DataType DefaultDataType();

// Whether the processor multiplies tiles of bf16 and of bytes (AMX).
bool HasTiles();

// Whether oneDNN's products of u8 and s8 are exact: by VNNI or AMX. Below, two
// products are added in 16 bits and saturate.
bool HasExactByteProducts();

}  // namespace tritlab

#endif  // TRITLAB_KERNELS_ONEDNN_INFO_H_
