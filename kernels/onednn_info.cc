#include "kernels/onednn_info.h"

#include "absl/strings/str_cat.h"
#include "oneapi/dnnl/dnnl.hpp"

namespace tritlab {
namespace {

bool Extends(unsigned isa) {
  // The values of dnnl_cpu_isa_t are bit sets, each a superset of what it
  // extends.
  return (dnnl_get_effective_cpu_isa() & isa) == isa;
}

bool IsIntel() {
#if defined(__x86_64__)
  return __builtin_cpu_is("intel") != 0;
#else
  return false;
#endif
}

}  // namespace

std::string OneDnnVersion() {
  const dnnl_version_t* version = dnnl_version();
  return absl::StrCat(version->major, ".", version->minor, ".", version->patch);
}

std::string InstructionSet() {
  switch (dnnl_get_effective_cpu_isa()) {
    case dnnl_cpu_isa_sse41:
      return "SSE41";
    case dnnl_cpu_isa_avx:
      return "AVX";
    case dnnl_cpu_isa_avx2:
      return "AVX2";
    case dnnl_cpu_isa_avx2_vnni:
      return "AVX2_VNNI";
    case dnnl_cpu_isa_avx2_vnni_2:
      return "AVX2_VNNI_2";
    case dnnl_cpu_isa_avx512_core:
      return "AVX512_CORE";
    case dnnl_cpu_isa_avx512_core_vnni:
      return "AVX512_CORE_VNNI";
    case dnnl_cpu_isa_avx512_core_bf16:
      return "AVX512_CORE_BF16";
    case dnnl_cpu_isa_avx512_core_fp16:
      return "AVX512_CORE_FP16";
    case dnnl_cpu_isa_avx512_core_amx:
      return "AVX512_CORE_AMX";
    case dnnl_cpu_isa_avx512_core_amx_fp16:
      return "AVX512_CORE_AMX_FP16";
    case dnnl_cpu_isa_default:
      return "GENERIC";
    default:  // one that is newer than this list
      return absl::StrCat("ISA_",
                          static_cast<unsigned>(dnnl_get_effective_cpu_isa()));
  }
}

bool HasAvx512() { return Extends(dnnl_cpu_isa_avx512_core); }

bool HasNativeBF16() { return Extends(dnnl_cpu_isa_avx512_core_bf16); }

bool HasFastBF16Products() {
  return HasTiles() || (HasNativeBF16() && !IsIntel());
}

DataType DefaultDataType() {
  return HasFastBF16Products() ? DataType::kBF16 : DataType::kF32;
}

bool HasTiles() { return Extends(dnnl_cpu_isa_avx512_core_amx); }

bool HasExactByteProducts() {
  return Extends(dnnl_cpu_isa_avx2_vnni) ||
         Extends(dnnl_cpu_isa_avx512_core_vnni);
}

}  // namespace tritlab
