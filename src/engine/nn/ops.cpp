#include "engine/nn/ops.h"

#include <c10/util/BFloat16.h>

#include <cmath>

#include "core/base/error.h"
#include "engine/nn/fast_exp.h"
#include "engine/nn/packed_matrix.h"

namespace dormouse::nn {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

bool grad_wanted(std::initializer_list<Tensor> inputs) {
  if (!at::GradMode::is_enabled()) return false;
  for (const auto& input : inputs) {
    if (input.defined() && input.requires_grad()) return true;
  }
  return false;
}

// Calls body<float> or body<BFloat16>.
template <class Body>
void for_scalar(const Tensor& tensor, Body body) {
  if (tensor.scalar_type() == at::kFloat) {
    body(float{});
  } else if (tensor.scalar_type() == at::kBFloat16) {
    body(c10::BFloat16{});
  } else {
    TORCH_INTERNAL_ASSERT(false, "fused operations take fp32 or bf16");
  }
}

constexpr int64_t kRowGrain = 16, kGateGrain = 4;  // rows that are worth another thread; the gate costs most
constexpr int64_t kElementGrain = 1024;            // the same of elements

// ---- root-mean-square norm ---------------------------------------------------------------------------------------

// y = x * r * w with r = 1 / sqrt(mean(x^2) + epsilon); keeps r [T] for the backward pass.
Tensor norm_forward(const Tensor& x, const Tensor& weight, double epsilon, Tensor& inverse) {
  Tensor y = at::empty_like(x);
  inverse = at::empty({x.size(0)}, x.options().dtype(at::kFloat));
  const int64_t size = x.size(1);
  for_scalar(x, [&](auto zero) {
    using Scalar = decltype(zero);
    const Scalar* in = x.const_data_ptr<Scalar>();
    const Scalar* w = weight.const_data_ptr<Scalar>();
    Scalar* out = y.mutable_data_ptr<Scalar>();
    float* r = inverse.mutable_data_ptr<float>();
    at::parallel_for(0, x.size(0), kRowGrain, [&](int64_t begin, int64_t end) {
      for (int64_t t = begin; t < end; ++t) {
        float squares = 0;
#pragma omp simd reduction(+ : squares)
        for (int64_t c = 0; c < size; ++c) squares += float(in[t * size + c]) * float(in[t * size + c]);
        r[t] = 1.0f / std::sqrt(squares / static_cast<float>(size) + static_cast<float>(epsilon));
        for (int64_t c = 0; c < size; ++c) out[t * size + c] = Scalar(float(in[t * size + c]) * r[t] * float(w[c]));
      }
    });
  });
  return y;
}

struct RmsNorm : Function<RmsNorm> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight, double epsilon) {
    Tensor inverse;
    Tensor y = norm_forward(x, weight, epsilon, inverse);
    context->save_for_backward({x, weight, inverse});
    return y;
  }

  // dx = r (w dy) - x r^3 / C sum(w dy x);  dw = sum over rows of dy x r.
  static variable_list backward(AutogradContext* context, variable_list grads) {
    const auto saved = context->get_saved_variables();
    const Tensor &x = saved[0], &weight = saved[1], &inverse = saved[2];
    const Tensor dy = grads[0].contiguous();
    Tensor dx = at::empty_like(x);
    const int64_t size = x.size(1), rows = x.size(0);
    // A fixed number of partial sums, so that dw does not depend on how rows fall to threads.
    constexpr int64_t kParts = 16;
    Tensor parts = at::zeros({kParts, size}, x.options().dtype(at::kFloat));
    for_scalar(x, [&](auto zero) {
      using Scalar = decltype(zero);
      const Scalar *in = x.const_data_ptr<Scalar>(), *w = weight.const_data_ptr<Scalar>();
      const Scalar* up = dy.const_data_ptr<Scalar>();
      const float* r = inverse.const_data_ptr<float>();
      Scalar* down = dx.mutable_data_ptr<Scalar>();
      float* dw = parts.mutable_data_ptr<float>();
      at::parallel_for(0, kParts, 1, [&](int64_t begin, int64_t end) {
        for (int64_t part = begin; part < end; ++part) {
          for (int64_t t = rows * part / kParts; t < rows * (part + 1) / kParts; ++t) {
            float dot = 0;
#pragma omp simd reduction(+ : dot)
            for (int64_t c = 0; c < size; ++c) {
              dot += float(w[c]) * float(up[t * size + c]) * float(in[t * size + c]);
            }
            const float scale = r[t] * r[t] * r[t] * dot / static_cast<float>(size);
            for (int64_t c = 0; c < size; ++c) {
              const float x_c = float(in[t * size + c]), dy_c = float(up[t * size + c]);
              down[t * size + c] = Scalar(r[t] * float(w[c]) * dy_c - x_c * scale);
              dw[part * size + c] += dy_c * x_c * r[t];
            }
          }
        }
      });
    });
    return {dx, parts.sum(0).to(weight.scalar_type()), Tensor()};
  }
};

// ---- gated unit --------------------------------------------------------------------------------------------------

Tensor swiglu_forward(const Tensor& gate_up) {
  const int64_t rows = gate_up.size(0), size = gate_up.size(1) / 2;
  Tensor y = at::empty({rows, size}, gate_up.options());
  for_scalar(gate_up, [&](auto zero) {
    using Scalar = decltype(zero);
    const Scalar* in = gate_up.const_data_ptr<Scalar>();
    Scalar* out = y.mutable_data_ptr<Scalar>();
    at::parallel_for(0, rows, kGateGrain, [&](int64_t begin, int64_t end) {
      for (int64_t t = begin; t < end; ++t) {
        const Scalar *gate = in + t * 2 * size, *up = gate + size;
        for (int64_t i = 0; i < size; ++i) {
          const float g = float(gate[i]);
          out[t * size + i] = Scalar(g / (1.0f + fast_exp(-g)) * float(up[i]));
        }
      }
    });
  });
  return y;
}

struct Swiglu : Function<Swiglu> {
  static Tensor forward(AutogradContext* context, const Tensor& gate_up) {
    context->save_for_backward({gate_up});
    return swiglu_forward(gate_up);
  }

  static variable_list backward(AutogradContext* context, variable_list grads) {
    const Tensor gate_up = context->get_saved_variables()[0];
    const Tensor dy = grads[0].contiguous();
    const int64_t rows = dy.size(0), size = dy.size(1);
    Tensor d_in = at::empty_like(gate_up);
    for_scalar(gate_up, [&](auto zero) {
      using Scalar = decltype(zero);
      const Scalar* in = gate_up.const_data_ptr<Scalar>();
      const Scalar* d_out = dy.const_data_ptr<Scalar>();
      Scalar* d = d_in.mutable_data_ptr<Scalar>();
      at::parallel_for(0, rows, kGateGrain, [&](int64_t begin, int64_t end) {
        for (int64_t t = begin; t < end; ++t) {
          const Scalar *gate = in + t * 2 * size, *up = gate + size;
          Scalar *d_gate = d + t * 2 * size, *d_up = d_gate + size;
          for (int64_t i = 0; i < size; ++i) {
            const float g = float(gate[i]), u = float(up[i]), dy_i = float(d_out[t * size + i]);
            const float sigmoid = 1.0f / (1.0f + fast_exp(-g));
            d_up[i] = Scalar(dy_i * g * sigmoid);
            d_gate[i] = Scalar(dy_i * u * sigmoid * (1.0f + g * (1.0f - sigmoid)));
          }
        }
      });
    });
    return {d_in};
  }
};

// ---- Gaussian error linear unit ------------------------------------------------------------------------------------

// Our own, because the bits of at::gelu can depend on where in the batch an element stands.
Tensor gelu_forward(const Tensor& x) {
  constexpr float kSqrtHalf = 0.70710678f;
  Tensor y = at::empty_like(x);
  for_scalar(x, [&](auto zero) {
    using Scalar = decltype(zero);
    const Scalar* in = x.const_data_ptr<Scalar>();
    Scalar* out = y.mutable_data_ptr<Scalar>();
    at::parallel_for(0, x.numel(), kElementGrain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const float value = float(in[i]);
        out[i] = Scalar(0.5f * value * (1.0f + std::erf(value * kSqrtHalf)));
      }
    });
  });
  return y;
}

struct Gelu : Function<Gelu> {
  static Tensor forward(AutogradContext* context, const Tensor& x) {
    context->save_for_backward({x});
    return gelu_forward(x);
  }

  static variable_list backward(AutogradContext* context, variable_list grads) {
    return {at::gelu_backward(grads[0], context->get_saved_variables()[0])};
  }
};

// ---- rotary ------------------------------------------------------------------------------------------------------

struct HeadLayout {
  int64_t query_heads, kv_heads, head_size;
  int64_t width() const { return (query_heads + 2 * kv_heads) * head_size; }
};

// Copies `heads` heads of every row between the packed qkv and a tensor of their own, rotating by `direction` * angle.
// direction 0 copies unrotated.
template <class Scalar>
void rotate_rows(const Scalar* from, int64_t from_stride, Scalar* to, int64_t to_stride, int64_t rows, int64_t heads,
                 int64_t head_size, const int64_t* positions, const float* cos, const float* sin, float direction) {
  const int64_t half = head_size / 2;
  at::parallel_for(0, rows, kRowGrain, [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; ++t) {
      const float *c = cos + positions[t] * half, *s = sin + positions[t] * half;
      for (int64_t h = 0; h < heads; ++h) {
        const Scalar* in = from + t * from_stride + h * head_size;
        Scalar* out = to + t * to_stride + h * head_size;
        if (direction == 0) {
          std::copy(in, in + head_size, out);
          continue;
        }
        for (int64_t i = 0; i < half; ++i) {
          const float a = float(in[i]), b = float(in[i + half]), sine = direction * s[i];
          out[i] = Scalar(a * c[i] - b * sine);
          out[i + half] = Scalar(b * c[i] + a * sine);
        }
      }
    }
  });
}

Heads split_rotate_forward(const Tensor& qkv, const Tensor& positions, const Tensor& cos, const Tensor& sin,
                           const HeadLayout& layout) {
  const int64_t rows = qkv.size(0);
  Heads heads{at::empty({rows, layout.query_heads, layout.head_size}, qkv.options()),
              at::empty({rows, layout.kv_heads, layout.head_size}, qkv.options()),
              at::empty({rows, layout.kv_heads, layout.head_size}, qkv.options())};
  for_scalar(qkv, [&](auto zero) {
    using Scalar = decltype(zero);
    const Scalar* from = qkv.const_data_ptr<Scalar>();
    const int64_t* at_positions = positions.const_data_ptr<int64_t>();
    int64_t column = 0;
    for (auto* part : {&heads.q, &heads.k, &heads.v}) {
      const int64_t count = part->size(1);
      rotate_rows(from + column, layout.width(), part->template mutable_data_ptr<Scalar>(), count * layout.head_size,
                  rows, count, layout.head_size, at_positions, cos.const_data_ptr<float>(), sin.const_data_ptr<float>(),
                  part == &heads.v ? 0.0f : 1.0f);
      column += count * layout.head_size;
    }
  });
  return heads;
}

struct SplitRotate : Function<SplitRotate> {
  static variable_list forward(AutogradContext* context, const Tensor& qkv, const Tensor& positions, const Tensor& cos,
                               const Tensor& sin, int64_t query_heads, int64_t kv_heads) {
    const HeadLayout layout{query_heads, kv_heads, qkv.size(1) / (query_heads + 2 * kv_heads)};
    context->save_for_backward({positions, cos, sin});
    const Heads heads = split_rotate_forward(qkv, positions, cos, sin, layout);
    return {heads.q, heads.k, heads.v};
  }

  static variable_list backward(AutogradContext* context, variable_list grads) {
    const auto saved = context->get_saved_variables();
    const HeadLayout layout{grads[0].size(1), grads[1].size(1), grads[0].size(2)};
    const int64_t rows = grads[0].size(0);
    Tensor d_qkv = at::empty({rows, layout.width()}, grads[0].options());
    for_scalar(d_qkv, [&](auto zero) {
      using Scalar = decltype(zero);
      int64_t column = 0;
      for (int part = 0; part < 3; ++part) {
        const Tensor grad = grads[part].contiguous();
        const int64_t count = grad.size(1);
        rotate_rows(grad.const_data_ptr<Scalar>(), count * layout.head_size, d_qkv.mutable_data_ptr<Scalar>() + column,
                    layout.width(), rows, count, layout.head_size, saved[0].const_data_ptr<int64_t>(),
                    saved[1].const_data_ptr<float>(), saved[2].const_data_ptr<float>(), part == 2 ? 0.0f : -1.0f);
        column += count * layout.head_size;
      }
    });
    return {d_qkv, Tensor(), Tensor(), Tensor(), Tensor(), Tensor()};
  }
};

// ---- packed product ----------------------------------------------------------------------------------------------

Tensor multiply_packed(const Tensor& x, const PackedMatrix& packed) {
  const Tensor rows = x.contiguous();
  Tensor y = at::empty({rows.size(0), packed.outputs()}, rows.options());
  packed.multiply(rows.const_data_ptr<float>(), rows.size(0), y.mutable_data_ptr<float>());
  return y;
}

// The product that sampling uses, with a gradient: what policy gradients train on has the bits of what was sampled.
struct PackedLinear : Function<PackedLinear> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight,
                        const std::shared_ptr<const PackedMatrix>& packed) {
    context->save_for_backward({x, weight});
    return multiply_packed(x, *packed);
  }

  static variable_list backward(AutogradContext* context, variable_list grads) {
    const auto saved = context->get_saved_variables();
    return {context->needs_input_grad(0) ? at::mm(grads[0], saved[1]) : Tensor(),
            context->needs_input_grad(1) ? at::mm(grads[0].t(), saved[0]) : Tensor(), Tensor()};
  }
};

// x W^T, with adapters.
Tensor product(const Tensor& x, const Matrix& weight) {
  const bool has_gradient = grad_wanted({x, weight.value}) || (at::GradMode::is_enabled() && !weight.adapters.empty());
  if (weight.packed && x.scalar_type() == at::kFloat) {
    if (!has_gradient) return multiply_packed(x, *weight.packed);
    if (weight.adapters.empty()) return PackedLinear::apply(x, weight.value, weight.packed);
  }
  Tensor y = at::linear(x, weight.value);
  for (const auto& adapter : weight.adapters) {
    y.narrow(1, adapter.first_row, adapter.b.size(0))
        .add_(at::linear(at::linear(x, adapter.a), adapter.b), adapter.scale);
  }
  return y;
}

// Long wavelengths are stretched by `factor`, short ones stay, and those between are blended.
Tensor scaled(const Tensor& frequency, const weights::RotaryScaling& scaling) {
  const Tensor turns = frequency * (static_cast<double>(scaling.original_positions) / (2 * M_PI));
  const double low = scaling.low_frequency_factor, high = scaling.high_frequency_factor;
  const Tensor kept = ((turns - low) / (high - low)).clamp(0, 1);
  return frequency * (kept + (1 - kept) / scaling.factor);
}

}  // namespace

Tensor linear(const Tensor& x, const Matrix& weight) {
  Tensor y = product(x, weight);
  return weight.bias.defined() ? y.add_(weight.bias) : y;
}

Tensor embedding(const Tensor& ids, const Matrix& weight) {
  if (weight.value.defined()) return at::embedding(weight.value, ids);
  const PackedMatrix& packed = *weight.packed;
  Tensor rows = at::empty({ids.size(0), packed.inputs()}, at::kFloat);
  const int64_t* id = ids.const_data_ptr<int64_t>();
  for (int64_t i = 0; i < ids.size(0); ++i)
    packed.copy_row(id[i], rows.mutable_data_ptr<float>() + i * packed.inputs());
  return rows;
}

Tensor merged(const Matrix& weight) {
  const at::NoGradGuard no_gradient;
  if (weight.adapters.empty()) return weight.value.detach();
  Tensor sum = weight.value.detach().to(at::kFloat, /*non_blocking=*/false, /*copy=*/true);
  for (const auto& adapter : weight.adapters) {
    sum.narrow(0, adapter.first_row, adapter.b.size(0))
        .addmm_(adapter.b.detach().to(at::kFloat), adapter.a.detach().to(at::kFloat), 1, adapter.scale);
  }
  return sum.to(weight.value.scalar_type());
}

Tensor rms_norm(const Tensor& x, const Tensor& weight, double epsilon) {
  if (grad_wanted({x, weight})) return RmsNorm::apply(x, weight, epsilon);
  Tensor inverse;
  return norm_forward(x, weight, epsilon, inverse);
}

Tensor swiglu(const Tensor& gate_up) {
  return grad_wanted({gate_up}) ? Swiglu::apply(gate_up) : swiglu_forward(gate_up);
}

Tensor gelu(const Tensor& x) { return grad_wanted({x}) ? Gelu::apply(x) : gelu_forward(x); }

RotaryTable rotary_table(int64_t positions, int64_t head_size, int64_t turning, double base,
                         const weights::RotaryScaling& scaling) {
  // In double precision, then rounded: the angle of position 8000 must not lose its fraction.
  const Tensor exponent = at::arange(0, turning, 2, at::kDouble) / static_cast<double>(turning);
  Tensor frequency = at::pow(base, exponent.neg());
  if (scaling.factor != 1) frequency = scaled(frequency, scaling);
  if (turning < head_size) frequency = at::cat({frequency, at::zeros({(head_size - turning) / 2}, at::kDouble)});
  const Tensor angle = at::arange(positions, at::kDouble).unsqueeze(1) * frequency.unsqueeze(0);
  return {angle.cos().to(at::kFloat).contiguous(), angle.sin().to(at::kFloat).contiguous()};
}

Heads split_rotate(const Tensor& qkv, const Tensor& positions, const RotaryTable& table, int64_t query_heads,
                   int64_t kv_heads) {
  if (grad_wanted({qkv})) {
    const auto heads = SplitRotate::apply(qkv, positions, table.cos, table.sin, query_heads, kv_heads);
    return {heads[0], heads[1], heads[2]};
  }
  const HeadLayout layout{query_heads, kv_heads, qkv.size(1) / (query_heads + 2 * kv_heads)};
  return split_rotate_forward(qkv, positions, table.cos, table.sin, layout);
}

}  // namespace dormouse::nn
