// Loops that use the vector instructions of the processor that they run on.
#ifndef TRITLAB_BASE_VECTOR_CLONES_H_
#define TRITLAB_BASE_VECTOR_CLONES_H_

// Before a function: compiles it once for each of these instruction sets and
// takes the best that the processor has when the program is loaded. What the
// function calls must be always_inline to be compiled along. The parallel
// region belongs outside: the compiler moves its body to a function of its own
// that is not cloned. Sanitizers instrument the choice itself, which runs
// before they are ready; .bazelrc says TRITLAB_SANITIZER there.
#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(TRITLAB_SANITIZER)
#define TRITLAB_VECTOR_CLONES \
  __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define TRITLAB_VECTOR_CLONES
#endif
#define TRITLAB_ALWAYS_INLINE inline __attribute__((always_inline))

#endif  // TRITLAB_BASE_VECTOR_CLONES_H_
