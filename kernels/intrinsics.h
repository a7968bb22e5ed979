// Internal to kernels/: the processor's vector instructions, where there are
// any.
#ifndef TRITLAB_KERNELS_INTRINSICS_H_
#define TRITLAB_KERNELS_INTRINSICS_H_

#if defined(__x86_64__)
#include <immintrin.h>

// GCC 12 warns of what its own header leaves undefined on purpose.
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#endif  // TRITLAB_KERNELS_INTRINSICS_H_
