#include "engine/train/adamw.h"

#include <c10/util/BFloat16.h>

#include <cmath>

#include "core/base/error.h"

namespace dormouse::train {

namespace {

constexpr int64_t kGrain = 1 << 15;

struct Rates {
  float beta1, beta2, epsilon;
  float step_size;      // learning rate over the bias correction of the mean
  float square_scale;   // 1 over the bias correction of the square
  float keep;           // 1 - learning rate * weight decay
  float gradient_scale;
};

template <class Scalar>
void update_span(const Rates& rates, const Scalar* __restrict gradient, float* __restrict master,
                 float* __restrict mean, float* __restrict square, int64_t begin, int64_t end) {
  for (int64_t i = begin; i < end; ++i) {
    const float g = float(gradient[i]) * rates.gradient_scale;
    mean[i] = rates.beta1 * mean[i] + (1.0f - rates.beta1) * g;
    square[i] = rates.beta2 * square[i] + (1.0f - rates.beta2) * g * g;
    const float denominator = __builtin_sqrtf(square[i] * rates.square_scale) + rates.epsilon;
    master[i] = master[i] * rates.keep - rates.step_size * mean[i] / denominator;
  }
}

template <class Scalar>
double squared_norm(const nn::Tensor& gradient) {
  const Scalar* data = gradient.const_data_ptr<Scalar>();
  const int64_t size = gradient.numel();
  // Fixed parts, summed in order: the result does not depend on the number of threads.
  const int64_t parts = (size + kGrain - 1) / kGrain;
  std::vector<double> sums(static_cast<std::size_t>(parts));
  at::parallel_for(0, parts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part) {
      const int64_t first = part * kGrain, last = std::min(size, first + kGrain);
      float sum = 0;
#pragma omp simd reduction(+ : sum)
      for (int64_t i = first; i < last; ++i) sum += float(data[i]) * float(data[i]);
      sums[static_cast<std::size_t>(part)] = sum;
    }
  });
  double total = 0;
  for (const double sum : sums) total += sum;
  return total;
}

}  // namespace

AdamW::AdamW(std::vector<nn::Parameter> parameters, const TrainingOptions& options)
    : parameters_(std::move(parameters)), options_(options) {
  for (const auto& parameter : parameters_) {
    const nn::Tensor value = parameter.value.detach();
    const nn::Tensor mean = at::zeros_like(value, value.options().dtype(at::kFloat));
    // In fp32 the weights are their own master.
    const nn::Tensor master = value.scalar_type() == at::kFloat ? value : value.to(at::kFloat);
    slots_.push_back({master, mean, at::zeros_like(mean), value.dim() > 1 ? options.weight_decay : 0.0});
  }
}

double AdamW::gradient_norm() const {
  double total = 0;
  for (const auto& parameter : parameters_) {
    const nn::Tensor& gradient = parameter.value.grad();
    if (!gradient.defined()) continue;
    DORMOUSE_ASSERT(gradient.is_contiguous());
    total += gradient.scalar_type() == at::kFloat ? squared_norm<float>(gradient)
                                                  : squared_norm<c10::BFloat16>(gradient);
  }
  if (!std::isfinite(total)) {
    fail_work("training", "the gradient is not finite", "lower learning_rate, or train with precision f32");
  }
  return std::sqrt(total);
}

void AdamW::update(int64_t step, double learning_rate, double gradient_scale) {
  const at::NoGradGuard no_gradient;
  const double correction1 = 1.0 - std::pow(options_.beta1, static_cast<double>(step));
  const double correction2 = 1.0 - std::pow(options_.beta2, static_cast<double>(step));
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    nn::Tensor value = parameters_[i].value.detach();
    nn::Tensor& gradient = parameters_[i].value.mutable_grad();
    if (!gradient.defined()) continue;
    Slot& slot = slots_[i];
    const Rates rates{.beta1 = static_cast<float>(options_.beta1),
                      .beta2 = static_cast<float>(options_.beta2),
                      .epsilon = static_cast<float>(options_.epsilon),
                      .step_size = static_cast<float>(learning_rate / correction1),
                      .square_scale = static_cast<float>(1.0 / correction2),
                      .keep = static_cast<float>(1.0 - learning_rate * slot.decay),
                      .gradient_scale = static_cast<float>(gradient_scale)};
    at::parallel_for(0, value.numel(), kGrain, [&](int64_t begin, int64_t end) {
      float *master = slot.master.mutable_data_ptr<float>(), *mean = slot.mean.mutable_data_ptr<float>();
      float* square = slot.square.mutable_data_ptr<float>();
      if (value.scalar_type() == at::kFloat) {
        update_span(rates, gradient.const_data_ptr<float>(), master, mean, square, begin, end);
        return;
      }
      update_span(rates, gradient.const_data_ptr<c10::BFloat16>(), master, mean, square, begin, end);
      auto* weight = value.mutable_data_ptr<c10::BFloat16>();
      for (int64_t j = begin; j < end; ++j) weight[j] = c10::BFloat16(master[j]);
    });
    gradient.reset();
  }
}

std::vector<AdamW::Named> AdamW::state() const {
  std::vector<Named> all;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    all.push_back({parameters_[i].name + ".master", slots_[i].master});
    all.push_back({parameters_[i].name + ".mean", slots_[i].mean});
    all.push_back({parameters_[i].name + ".square", slots_[i].square});
  }
  return all;
}

void AdamW::restore_weights() {
  const at::NoGradGuard no_gradient;
  for (std::size_t i = 0; i < slots_.size(); ++i) parameters_[i].value.copy_(slots_[i].master);
}

}  // namespace dormouse::train
