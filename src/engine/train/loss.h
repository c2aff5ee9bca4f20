// Losses at the target positions only. The logits of a chunk of targets are made, used and dropped: all of them
// together never exist.
#pragma once

#include "engine/nn/kernels.h"

namespace dormouse::train {

using nn::Tensor;

/// Sum over the targets of -log p(target) * scale: hidden [N, C], head [V, C], targets [N] (int64) -> fp32 scalar. The
/// logits become their own gradient, so the backward pass makes none.
Tensor target_loss(const Tensor& hidden, const Tensor& head, const Tensor& targets, double scale);

/// log p(target) for each row: fp32 [N]. With gradients in hidden and head where they are wanted; the backward pass
/// makes the logits again. What policy-gradient losses are built on.
Tensor target_log_probs(const Tensor& hidden, const nn::Matrix& head, const Tensor& targets,
                        const nn::Kernels& kernels);

namespace plain {
Tensor target_loss(const Tensor& hidden, const Tensor& head, const Tensor& targets, double scale);
}

}  // namespace dormouse::train
