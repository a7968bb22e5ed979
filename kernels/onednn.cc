#include "kernels/onednn.h"

#include <cassert>

#include "absl/strings/str_cat.h"
#include "kernels/onednn_info.h"
#include "kernels/scratch_memory.h"

namespace tritlab::onednn {
namespace {

const dnnl::stream& Stream() {
  thread_local const dnnl::stream stream(Engine());
  return stream;
}

thread_local ScratchMemory scratchpad;
thread_local ScratchMemory staging;
thread_local ScratchMemory rounded_weights;

bool Differs(const dnnl::memory::desc& desc, DataType stored) {
  return stored == DataType::kBF16 &&
         desc.get_data_type() == dnnl::memory::data_type::f32;
}

}  // namespace

const dnnl::engine& Engine() {
  // Never destroyed: kernels in static storage may outlive any order of exit.
  static const dnnl::engine& engine =
      *new dnnl::engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

dnnl::memory::data_type TypeOf(DataType type) {
  return type == DataType::kF32 ? dnnl::memory::data_type::f32
                                : dnnl::memory::data_type::bf16;
}

DataType ArithmeticType(DataType type) {
  return HasFastBF16Products() ? type : DataType::kF32;
}

DataType StreamingType(DataType type) {
  return HasAvx512() ? type : DataType::kF32;
}

dnnl::memory::desc ActivationDesc(const Shape& shape, DataType type) {
  return dnnl::memory::desc(
      {shape.batch, shape.channels, shape.height, shape.width}, TypeOf(type),
      dnnl::memory::format_tag::nhwc);
}

dnnl::memory::desc VectorDesc(int64_t size) {
  return dnnl::memory::desc({size}, dnnl::memory::data_type::f32,
                            dnnl::memory::format_tag::x);
}

dnnl::primitive_attr UserScratchpad() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

Argument Input(int name, const dnnl::memory::desc& desc, DataType stored) {
  return {name, desc,
          Differs(desc, stored) ? Argument::Staging::kInput
                                : Argument::Staging::kNone};
}

Argument Output(int name, const dnnl::memory::desc& desc, DataType stored) {
  return {name, desc,
          Differs(desc, stored) ? Argument::Staging::kOutput
                                : Argument::Staging::kNone};
}

Execution::Execution(const dnnl::primitive_desc_base& primitive_desc,
                     const dnnl::primitive& primitive,
                     std::initializer_list<Argument> arguments)
    : primitive_(primitive) {
  for (const Argument& argument : arguments) {
    if (argument.staging != Argument::Staging::kNone) {
      constexpr size_t kCacheLine = 64;
      const size_t bytes = argument.desc.get_size();
      staged_.push_back({memories_.size(), argument.staging,
                         static_cast<int64_t>(bytes / sizeof(float)),
                         staging_bytes_});
      staging_bytes_ += (bytes + kCacheLine - 1) / kCacheLine * kCacheLine;
    }
    memories_.push_back(argument.desc.is_zero()
                            ? dnnl::memory()
                            : dnnl::memory(argument.desc, Engine(), nullptr));
    arguments_.push_back({argument.name, memories_.back().get(true)});
  }
  const dnnl::memory::desc scratchpad = primitive_desc.scratchpad_desc();
  scratchpad_bytes_ = scratchpad.get_size();
  if (scratchpad_bytes_ > 0) {
    memories_.emplace_back(scratchpad, Engine(), nullptr);
    arguments_.push_back({DNNL_ARG_SCRATCHPAD, memories_.back().get()});
  }
}

void Execution::Run(std::initializer_list<const void*> pointers) {
  assert(primitive_);
  assert(pointers.size() + (scratchpad_bytes_ > 0) == arguments_.size());
  auto memory = memories_.begin();
  for (const void* pointer : pointers) {
    if (memory->get(true) != nullptr) {
      memory->set_data_handle(const_cast<void*>(pointer));
    }
    ++memory;
  }
  if (scratchpad_bytes_ > 0) {
    memory->set_data_handle(scratchpad.AtLeast(scratchpad_bytes_));
  }
  char* const staging_memory = staging.AtLeast(staging_bytes_);
  const auto staged_floats = [&](const Staged& staged) {
    return reinterpret_cast<float*>(staging_memory + staged.offset);
  };
  for (const Staged& staged : staged_) {
    if (staged.staging == Argument::Staging::kInput) {
      ToFloat(DataType::kBF16, pointers.begin()[staged.argument], staged.count,
              staged_floats(staged));
    }
    memories_[staged.argument].set_data_handle(staged_floats(staged));
  }
  // The C function: its C++ form builds a hash map at each call.
  dnnl::error::wrap_c_api(
      dnnl_primitive_execute(primitive_.get(), Stream().get(),
                             static_cast<int>(arguments_.size()),
                             arguments_.data()),
      "could not execute a primitive");
  for (const Staged& staged : staged_) {
    if (staged.staging == Argument::Staging::kOutput) {
      FromFloat(staged_floats(staged), staged.count, DataType::kBF16,
                const_cast<void*>(pointers.begin()[staged.argument]));
    }
  }
}

Execution Reorder(const dnnl::memory::desc& source,
                  const dnnl::memory::desc& target) {
  const dnnl::reorder::primitive_desc desc(Engine(), source, Engine(), target,
                                           UserScratchpad());
  return Execution(desc, dnnl::reorder(desc),
                   {{DNNL_ARG_FROM, source}, {DNNL_ARG_TO, target}});
}

const float* RoundedWeights(std::span<const float> weights, DataType stored) {
  if (ArithmeticType(stored) == stored) return weights.data();
  const auto count = static_cast<int64_t>(weights.size());
  char* const memory = rounded_weights.AtLeast(
      count * (sizeof(float) + SizeOf(DataType::kBF16)));
  auto* const rounded = reinterpret_cast<float*>(memory);
  char* const narrow = memory + count * sizeof(float);
  FromFloat(weights.data(), count, DataType::kBF16, narrow);
  ToFloat(DataType::kBF16, narrow, count, rounded);
  return rounded;
}

absl::Status StatusOf(const dnnl::error& error, absl::string_view what) {
  switch (error.status) {
    case dnnl_out_of_memory:
      return absl::ResourceExhaustedError(absl::StrCat(
          what, ": not enough memory; take a smaller batch or image"));
    case dnnl_unimplemented:
      return absl::UnimplementedError(
          absl::StrCat(what,
                       ": oneDNN has no implementation for this shape "
                       "and type on this processor; try f32"));
    case dnnl_invalid_arguments:
      return absl::InvalidArgumentError(
          absl::StrCat(what, ": oneDNN refuses the shape: ", error.what()));
    default:
      return absl::InternalError(
          absl::StrCat(what, ": oneDNN failed: ", error.what(), " (status ",
                       static_cast<int>(error.status), ")"));
  }
}

}  // namespace tritlab::onednn
