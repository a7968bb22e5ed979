// Internal to kernels/: what every kernel over oneDNN shares. One engine for
// the process, one stream and one scratchpad for each thread, primitives with
// their arguments, and errors as absl::Status.
//
// Only .cc files include this; oneDNN does not appear in public headers.
#ifndef TRITLAB_KERNELS_ONEDNN_H_
#define TRITLAB_KERNELS_ONEDNN_H_

#include <initializer_list>
#include <new>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kernels/tensor.h"
#include "oneapi/dnnl/dnnl.hpp"

namespace tritlab::onednn {

// The processor.
const dnnl::engine& Engine();

dnnl::memory::data_type TypeOf(DataType type);

// What to compute in where activations are stored as `type`. bf16 without
// hardware for it is slow in oneDNN (three times f32's time, in one case a
// hundred times), and below AVX-512 it is missing. Then the operator computes
// in f32 on values that are rounded to bf16 on the way in and out: the same
// result up to the order of sums.
//
// For operators that multiply much (convolution, linear): bf16 where the
// processor multiplies it faster than f32.
DataType ArithmeticType(DataType type);
// For operators bound by memory (batch normalization, pooling): bf16 from
// AVX-512 on, where oneDNN converts while loading.
DataType StreamingType(DataType type);

// An NHWC activation. oneDNN's dimensions are always in the order N, C, H, W;
// the strides say how they lie in memory.
dnnl::memory::desc ActivationDesc(const Shape& shape, DataType type);

// A dense f32 vector, one value a channel.
dnnl::memory::desc VectorDesc(int64_t size);

// Primitives take their scratch memory from the thread that runs them, so that
// a network needs only as much as its hungriest layer.
dnnl::primitive_attr UserScratchpad();

// One argument of a primitive.
struct Argument {
  enum class Staging { kNone, kInput, kOutput };

  int name;                 // DNNL_ARG_...
  dnnl::memory::desc desc;  // empty: not there in this case (no bias)
  // Whether the caller's array is bf16 where the primitive's is f32.
  Staging staging = Staging::kNone;
};

// An activation that the caller stores as `stored` and the primitive wants as
// `desc` says: converted on the way if the types differ.
Argument Input(int name, const dnnl::memory::desc& desc, DataType stored);
Argument Output(int name, const dnnl::memory::desc& desc, DataType stored);

// A primitive and its arguments. Made once, run many times on other pointers;
// running allocates nothing but, at first, the thread's scratch memory, so that
// it cannot fail for shapes that could be created.
class Execution {
 public:
  Execution() = default;
  Execution(const dnnl::primitive_desc_base& primitive_desc,
            const dnnl::primitive& primitive,
            std::initializer_list<Argument> arguments);

  // One pointer for each argument, in the constructor's order. What empty
  // arguments are given is ignored.
  void Run(std::initializer_list<const void*> pointers);

  explicit operator bool() const { return static_cast<bool>(primitive_); }

 private:
  struct Staged {
    size_t argument;  // index
    Argument::Staging staging;
    int64_t count;
    size_t offset;  // bytes, in the thread's staging memory
  };

  dnnl::primitive primitive_;
  std::vector<dnnl::memory> memories_;  // own what arguments_ points to
  std::vector<dnnl_exec_arg_t> arguments_;
  size_t scratchpad_bytes_ = 0;
  std::vector<Staged> staged_;
  size_t staging_bytes_ = 0;
};

// From one layout or type to another.
Execution Reorder(const dnnl::memory::desc& source,
                  const dnnl::memory::desc& target);

// f32 weights rounded to what they would be in bf16, for f32 arithmetic that
// stands for bf16's: in the thread's memory, valid until its next call. The
// weights themselves where there is nothing to do; where the primitive takes
// bf16, the reorder rounds.
const float* RoundedWeights(std::span<const float> weights, DataType stored);

// What oneDNN threw, as a status that names `what`: ResourceExhausted without
// memory, Unimplemented and InvalidArgument for shapes, else Internal.
absl::Status StatusOf(const dnnl::error& error, absl::string_view what);

// Calls function() and turns what oneDNN throws into a status that names
// `what`: the operator and its shape.
template <typename Function>
auto CatchErrors(absl::string_view what, Function function)
    -> absl::StatusOr<std::invoke_result_t<Function>> {
  try {
    return function();
  } catch (const dnnl::error& error) {
    return StatusOf(error, what);
  } catch (const std::bad_alloc&) {
    return StatusOf(dnnl::error(dnnl_out_of_memory, ""), what);
  }
}

}  // namespace tritlab::onednn

#endif  // TRITLAB_KERNELS_ONEDNN_H_
