#include "engine/train/adamw.h"

#include <c10/util/BFloat16.h>

#include <cmath>
#include <span>

#include "core/base/error.h"

namespace dormouse::train {

namespace {

constexpr int64_t kGrain = 1 << 15;
constexpr int64_t kMostElements = 1 << 26;  // of the lists: they take three fp32 copies of that

struct Rates {
  float beta1, beta2, epsilon;
  float step_size;     // learning rate over the bias correction of the mean
  float square_scale;  // 1 over the bias correction of the square
  float keep;          // 1 - learning rate * weight decay
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

double own_squared_norm(const nn::Tensor& gradient) {
  DORMOUSE_ASSERT(gradient.is_contiguous());
  return gradient.scalar_type() == at::kFloat ? squared_norm<float>(gradient) : squared_norm<c10::BFloat16>(gradient);
}

// One parameter: what the update reads and writes.
struct Update {
  Rates rates;
  nn::Tensor value, gradient, master, mean, square;
};

void own_updates(std::span<const Update> all) {
  for (const auto& one : all) {
    at::parallel_for(0, one.value.numel(), kGrain, [&](int64_t begin, int64_t end) {
      float *master = one.master.mutable_data_ptr<float>(), *mean = one.mean.mutable_data_ptr<float>();
      float* square = one.square.mutable_data_ptr<float>();
      if (one.value.scalar_type() == at::kFloat) {
        update_span(one.rates, one.gradient.const_data_ptr<float>(), master, mean, square, begin, end);
        return;
      }
      update_span(one.rates, one.gradient.const_data_ptr<c10::BFloat16>(), master, mean, square, begin, end);
      auto* weight = one.value.mutable_data_ptr<c10::BFloat16>();
      for (int64_t j = begin; j < end; ++j) weight[j] = c10::BFloat16(master[j]);
    });
  }
}

// The same in operations over lists: on a GPU the time of many small tensors is that of starting the operations. All
// parameters have the same rates but for `keep`.
void update_list(std::span<const Update> all) {
  std::vector<nn::Tensor> values, gradients, masters, means, squares;
  std::vector<at::Scalar> keep;
  for (const auto& one : all) {
    values.push_back(one.value);
    gradients.push_back(one.gradient.to(at::kFloat));
    masters.push_back(one.master);
    means.push_back(one.mean);
    squares.push_back(one.square);
    keep.emplace_back(one.rates.keep);
  }
  const Rates& rates = all.front().rates;
  gradients = at::_foreach_mul(gradients, rates.gradient_scale);
  at::_foreach_mul_(means, rates.beta1);
  at::_foreach_add_(means, gradients, 1.0f - rates.beta1);
  at::_foreach_mul_(squares, rates.beta2);
  at::_foreach_addcmul_(squares, gradients, gradients, 1.0f - rates.beta2);
  auto denominators = at::_foreach_mul(squares, rates.square_scale);
  at::_foreach_sqrt_(denominators);
  at::_foreach_add_(denominators, rates.epsilon);
  at::_foreach_mul_(masters, keep);
  at::_foreach_addcdiv_(masters, means, denominators, -rates.step_size);
  if (values.front().scalar_type() != at::kFloat)
    at::_foreach_copy_(values, masters);  // else they are their own master
}

void plain_updates(std::span<const Update> all) {
  for (std::size_t first = 0, last = 0; first < all.size(); first = last) {
    for (int64_t elements = 0; last < all.size() && elements < kMostElements; ++last)
      elements += all[last].value.numel();
    update_list(all.subspan(first, last - first));
  }
}

}  // namespace

AdamW::AdamW(std::vector<nn::Parameter> parameters, const TrainingOptions& options, const nn::Kernels& kernels)
    : parameters_(std::move(parameters)), options_(options), own_kernels_(kernels.own) {
  for (const auto& parameter : parameters_) {
    const nn::Tensor value = parameter.value.detach();
    const nn::Tensor mean = at::zeros_like(value, value.options().dtype(at::kFloat));
    // In fp32 the weights are their own master.
    const nn::Tensor master = value.scalar_type() == at::kFloat ? value : value.to(at::kFloat);
    slots_.push_back({master, mean, at::zeros_like(mean), value.dim() > 1 ? options.weight_decay : 0.0});
  }
}

std::string AdamW::device() const {
  return at::DeviceTypeName(parameters_.front().value.device().type(), /*lower_case=*/true);
}

double AdamW::gradient_norm() const {
  double total = 0;
  nn::Tensor on_device;  // one number, read once
  for (const auto& parameter : parameters_) {
    const nn::Tensor& gradient = parameter.value.grad();
    if (!gradient.defined()) continue;
    if (own_kernels_) {
      total += own_squared_norm(gradient);
    } else {
      const nn::Tensor sum = at::linalg_vector_norm(gradient, 2, {}, false, at::kFloat).to(at::kDouble).square();
      on_device = on_device.defined() ? on_device + sum : sum;
    }
  }
  if (on_device.defined()) total = on_device.item<double>();
  if (!std::isfinite(total)) {
    fail_work("training", "the gradient is not finite", "lower learning_rate, or train with precision f32");
  }
  return std::sqrt(total);
}

void AdamW::update(int64_t step, double learning_rate, double gradient_scale) {
  const at::NoGradGuard no_gradient;
  const double correction1 = 1.0 - std::pow(options_.beta1, static_cast<double>(step));
  const double correction2 = 1.0 - std::pow(options_.beta2, static_cast<double>(step));
  std::vector<Update> updates;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
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
    updates.push_back({rates, parameters_[i].value.detach(), gradient, slot.master, slot.mean, slot.square});
    gradient.reset();
  }
  own_kernels_ ? own_updates(updates) : plain_updates(updates);
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
