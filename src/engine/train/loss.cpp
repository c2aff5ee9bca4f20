#include "engine/train/loss.h"

namespace dormouse::train {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

constexpr int64_t kChunk = 256;

template <class Visit>
void for_chunks(int64_t rows, Visit visit) {
  for (int64_t first = 0; first < rows; first += kChunk) visit(first, std::min(kChunk, rows - first));
}

struct TargetLoss : Function<TargetLoss> {
  static Tensor forward(AutogradContext* context, const Tensor& hidden, const Tensor& head, const Tensor& targets,
                        double scale) {
    Tensor total = at::zeros({}, hidden.options().dtype(at::kFloat));
    Tensor d_hidden = at::empty_like(hidden);
    // A frozen head (adapters) needs no gradient.
    Tensor d_head = head.requires_grad() ? at::zeros_like(head) : Tensor();
    for_chunks(hidden.size(0), [&](int64_t first, int64_t rows) {
      const Tensor h = hidden.narrow(0, first, rows);
      const Tensor target = targets.narrow(0, first, rows).unsqueeze(1);
      Tensor logits = at::linear(h, head).to(at::kFloat);
      const Tensor normaliser = at::logsumexp(logits, {1}, /*keepdim=*/true);
      total += (normaliser - logits.gather(1, target)).sum();
      // d logits = (softmax - one-hot) * scale
      Tensor d = logits.sub_(normaliser).exp_();
      d.scatter_add_(1, target, at::full_like(target, -1, d.options()));
      d = d.mul_(scale).to(hidden.scalar_type());
      d_hidden.narrow(0, first, rows).copy_(at::mm(d, head));
      if (d_head.defined()) d_head.addmm_(d.t(), h);
    });
    context->save_for_backward({d_hidden, d_head});
    return total * scale;
  }

  static variable_list backward(AutogradContext* context, variable_list grads) {
    const auto saved = context->get_saved_variables();
    // The loss is the root of the graph in training, so the incoming gradient is 1 and costs no pass over d_head.
    if (grads[0].item<float>() == 1.0f) return {saved[0], saved[1], Tensor(), Tensor()};
    return {saved[0] * grads[0], saved[1].defined() ? saved[1] * grads[0] : Tensor(), Tensor(), Tensor()};
  }
};

Tensor log_probs_of(const Tensor& hidden, const nn::Matrix& head, const Tensor& targets, const nn::Kernels& kernels) {
  Tensor result = at::empty({hidden.size(0)}, hidden.options().dtype(at::kFloat));
  for_chunks(hidden.size(0), [&](int64_t first, int64_t rows) {
    const Tensor logits = nn::linear(hidden.narrow(0, first, rows), head).to(at::kFloat);
    result.narrow(0, first, rows).copy_(kernels.log_probabilities(logits, targets.narrow(0, first, rows)));
  });
  return result;
}

struct TargetLogProbs : Function<TargetLogProbs> {
  static Tensor forward(AutogradContext* context, const Tensor& hidden, const Tensor& head, const Tensor& targets,
                        const std::shared_ptr<const nn::PackedMatrix>& packed, const nn::Kernels* kernels) {
    const Tensor result = log_probs_of(hidden, {head, packed, {}}, targets, *kernels);
    context->save_for_backward({hidden, head, targets, result});
    return result;
  }

  // d logits = (one-hot - softmax) * gradient of the row
  static variable_list backward(AutogradContext* context, variable_list grads) {
    const auto saved = context->get_saved_variables();
    const Tensor &hidden = saved[0], &head = saved[1], &targets = saved[2], &log_probs = saved[3];
    Tensor d_hidden = at::empty_like(hidden), d_head;
    if (context->needs_input_grad(1)) d_head = at::zeros_like(head);
    for_chunks(hidden.size(0), [&](int64_t first, int64_t rows) {
      const Tensor h = hidden.narrow(0, first, rows);
      const Tensor target = targets.narrow(0, first, rows).unsqueeze(1);
      const Tensor gradient = grads[0].narrow(0, first, rows).unsqueeze(1);
      Tensor d = at::linear(h, head).to(at::kFloat);
      const Tensor normaliser = d.gather(1, target) - log_probs.narrow(0, first, rows).unsqueeze(1);
      d.sub_(normaliser).exp_().mul_(-gradient).scatter_add_(1, target, gradient.contiguous());
      d = d.to(hidden.scalar_type());
      d_hidden.narrow(0, first, rows).copy_(at::mm(d, head));
      if (d_head.defined()) d_head.addmm_(d.t(), h);
    });
    return {d_hidden, d_head, Tensor(), Tensor(), Tensor()};
  }
};

}  // namespace

Tensor target_loss(const Tensor& hidden, const Tensor& head, const Tensor& targets, double scale) {
  return TargetLoss::apply(hidden, head, targets, scale);
}

Tensor target_log_probs(const Tensor& hidden, const nn::Matrix& head, const Tensor& targets,
                        const nn::Kernels& kernels) {
  const bool wanted = hidden.requires_grad() || head.value.requires_grad();
  if (at::GradMode::is_enabled() && wanted)
    return TargetLogProbs::apply(hidden, head.value, targets, head.packed, &kernels);
  const at::NoGradGuard no_gradient;
  return log_probs_of(hidden, head, targets, kernels);
}

namespace plain {

Tensor target_loss(const Tensor& hidden, const Tensor& head, const Tensor& targets, double scale) {
  const Tensor log_probs = at::log_softmax(at::linear(hidden, head).to(at::kFloat), -1);
  return -log_probs.gather(1, targets.unsqueeze(1)).sum() * scale;
}

}  // namespace plain

}  // namespace dormouse::train
