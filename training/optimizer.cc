#include "training/optimizer.h"

#include <cmath>
#include <cstddef>

#include "absl/strings/str_format.h"

namespace tritlab {
namespace {

void Sgd(const SgdSpec& spec, float rate, float decay,
         std::span<const float> gradient, std::span<const float> frozen,
         std::span<float> values, std::span<float> velocity) {
  const float momentum = spec.momentum();
  const float own = spec.nesterov() ? 1.0f : 0.0f;
  const float behind = spec.nesterov() ? momentum : 1.0f;
  for (size_t i = 0; i < values.size(); ++i) {
    const float g = gradient[i] + decay * values[i];
    velocity[i] = momentum * velocity[i] + g;
    const float change = rate * (own * g + behind * velocity[i]);
    values[i] -= frozen.empty() || frozen[i] == 0 ? change : 0.0f;
  }
}

void Adam(const AdamSpec& spec, double rate, int64_t step, float decay,
          std::span<const float> gradient, std::span<const float> frozen,
          std::span<float> values, std::span<float> mean,
          std::span<float> square) {
  const float beta1 = spec.has_beta1() ? spec.beta1() : 0.9f;
  const float beta2 = spec.has_beta2() ? spec.beta2() : 0.999f;
  const float epsilon = spec.has_epsilon() ? spec.epsilon() : 1e-8f;
  const float mean_scale =
      static_cast<float>(rate / (1 - std::pow(beta1, step)));
  const float square_scale =
      static_cast<float>(1 / (1 - std::pow(beta2, step)));
  for (size_t i = 0; i < values.size(); ++i) {
    const float g = gradient[i] + decay * values[i];
    mean[i] = beta1 * mean[i] + (1 - beta1) * g;
    square[i] = beta2 * square[i] + (1 - beta2) * g * g;
    const float change =
        mean_scale * mean[i] / (std::sqrt(square_scale * square[i]) + epsilon);
    values[i] -= frozen.empty() || frozen[i] == 0 ? change : 0.0f;
  }
}

}  // namespace

absl::Status ValidateOptimizer(const OptimizerSpec& spec) {
  const auto check = [](const char* field, float value, float below) {
    if (value >= 0 && value < below) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrFormat(
        "optimizer.%s is %g; it must be at least 0 and below %g", field, value,
        below));
  };
  absl::Status status = check("weight_decay", spec.weight_decay(), 1);
  switch (spec.method_case()) {
    case OptimizerSpec::kSgd:
      status.Update(check("sgd.momentum", spec.sgd().momentum(), 1));
      if (spec.sgd().nesterov() && spec.sgd().momentum() == 0) {
        status.Update(absl::InvalidArgumentError(
            "optimizer.sgd.nesterov needs sgd.momentum above 0"));
      }
      return status;
    case OptimizerSpec::kAdam:
      status.Update(check("adam.beta1", spec.adam().beta1(), 1));
      status.Update(check("adam.beta2", spec.adam().beta2(), 1));
      status.Update(check("adam.epsilon", spec.adam().epsilon(), 1));
      // A gradient that has always been 0 would be 0 / 0.
      if (spec.adam().has_epsilon() && spec.adam().epsilon() == 0) {
        status.Update(absl::InvalidArgumentError(
            "optimizer.adam.epsilon is 0; it must be above 0"));
      }
      return status;
    case OptimizerSpec::METHOD_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError(
      "optimizer names no method; set optimizer.sgd or optimizer.adam");
}

OptimizerState InitialOptimizerState(const OptimizerSpec& spec,
                                     int64_t elements) {
  return OptimizerState(spec.has_adam() ? 2 : 1,
                        std::vector<float>(elements, 0.0f));
}

void UpdateTensor(const OptimizerSpec& spec, double learning_rate, int64_t step,
                  bool decay, std::span<const float> gradient,
                  std::span<const float> frozen, std::span<float> values,
                  OptimizerState& state) {
  const float weight_decay =
      decay || spec.decay_all() ? spec.weight_decay() : 0.0f;
  if (spec.has_adam()) {
    Adam(spec.adam(), learning_rate, step, weight_decay, gradient, frozen,
         values, state[0], state[1]);
  } else {
    Sgd(spec.sgd(), static_cast<float>(learning_rate), weight_decay, gradient,
        frozen, values, state[0]);
  }
}

}  // namespace tritlab
