// Internal to kernels/: what convolutions and linear layers do alike. Weights
// are reordered once from the caller's layout to the one that each pass asks
// for, and the weights' gradient back again.
//
// Only .cc files include this; oneDNN does not appear in public headers.
#ifndef TRITLAB_KERNELS_WEIGHTED_PASSES_H_
#define TRITLAB_KERNELS_WEIGHTED_PASSES_H_

#include <cstdint>
#include <span>
#include <string>

#include "absl/strings/str_cat.h"
#include "kernels/onednn.h"
#include "kernels/tensor.h"

namespace tritlab::onednn {

class WeightedPasses {
 public:
  // How everything lies: the caller's weights (f32), activations (in the type
  // of the arithmetic, while the caller's are `stored`), and the bias, empty
  // where there is none.
  WeightedPasses(const dnnl::memory::desc& plain,
                 const dnnl::memory::desc& input,
                 const dnnl::memory::desc& output,
                 const dnnl::memory::desc& bias, DataType stored);

  // The passes; Primitive is oneDNN's class, whose weights are of any layout.
  // Forward comes first.
  template <typename Primitive>
  void AddForward(const typename Primitive::primitive_desc& pass) {
    forward_ = Execution(pass, Primitive(pass),
                         {Input(DNNL_ARG_SRC, input_, stored_),
                          {DNNL_ARG_WEIGHTS, pass.weights_desc()},
                          {DNNL_ARG_BIAS, bias_desc_},
                          Output(DNNL_ARG_DST, output_, stored_)});
    forward_desc_ = pass.weights_desc();
    forward_weights_ = Buffer(forward_desc_.get_size());
    to_forward_weights_ = Reorder(plain_, forward_desc_);
    implementations_ = absl::StrCat("forward ", pass.impl_info_str());
  }
  template <typename Primitive>
  void AddBackwardInput(const typename Primitive::primitive_desc& pass) {
    backward_input_ = Execution(pass, Primitive(pass),
                                {Input(DNNL_ARG_DIFF_DST, output_, stored_),
                                 {DNNL_ARG_WEIGHTS, pass.weights_desc()},
                                 Output(DNNL_ARG_DIFF_SRC, input_, stored_)});
    if (pass.weights_desc() != forward_desc_) {
      backward_weights_ = Buffer(pass.weights_desc().get_size());
      to_backward_weights_ = Reorder(plain_, pass.weights_desc());
    }
    absl::StrAppend(&implementations_, ", backward input ",
                    pass.impl_info_str());
  }
  template <typename Primitive>
  void AddBackwardWeights(const typename Primitive::primitive_desc& pass) {
    const dnnl::memory::desc gradient = pass.diff_weights_desc();
    backward_weights_pass_ =
        Execution(pass, Primitive(pass),
                  {Input(DNNL_ARG_SRC, input_, stored_),
                   Input(DNNL_ARG_DIFF_DST, output_, stored_),
                   {DNNL_ARG_DIFF_WEIGHTS, gradient},
                   {DNNL_ARG_DIFF_BIAS, bias_desc_}});
    if (gradient != plain_) {
      grad_weights_ = Buffer(gradient.get_size());
      from_grad_weights_ = Reorder(gradient, plain_);
    }
    absl::StrAppend(&implementations_, ", backward weights ",
                    pass.impl_info_str());
  }

  // As Convolution's and Linear's.
  void SetWeights(std::span<const float> weights, std::span<const float> bias);
  void Forward(const void* input, void* output);
  void BackwardInput(const void* grad_output, void* grad_input);
  void BackwardWeights(const void* input, const void* grad_output,
                       std::span<float> grad_weights,
                       std::span<float> grad_bias);
  const std::string& implementations() const { return implementations_; }

 private:
  const dnnl::memory::desc plain_, input_, output_, bias_desc_;
  const DataType stored_;
  const int64_t weight_count_;
  std::string implementations_;
  dnnl::memory::desc forward_desc_;
  Buffer forward_weights_;
  Buffer backward_weights_;  // empty where forward's layout serves both
  Buffer bias_;
  Buffer grad_weights_;  // empty where the primitive writes the caller's layout
  Execution to_forward_weights_;
  Execution to_backward_weights_;
  Execution from_grad_weights_;
  Execution forward_;
  Execution backward_input_;
  Execution backward_weights_pass_;
};

}  // namespace tritlab::onednn

#endif  // TRITLAB_KERNELS_WEIGHTED_PASSES_H_
