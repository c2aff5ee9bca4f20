// The one transformer. Weights are named tensors with the hub's names; products that share an input are stored as one
// matrix (q, k and v; gate and up), and their hub names are row ranges of it.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/nn/hooks.h"
#include "engine/nn/kernels.h"
#include "engine/weights/model_config.h"
#include "engine/weights/tensor_source.h"

namespace dormouse::nn {

struct Norm {
  Tensor weight, bias;  // [C]; no bias in a root-mean-square norm
};

struct LayerWeights {
  Norm input_norm, mlp_norm;
  Matrix qkv, output;    // [(H + 2G) D, C], [C, H D]
  Matrix gate_up, down;  // [2I, C], or [I, C] without a gate; [C, I]

  std::array<Matrix*, 4> matrices() { return {&qkv, &output, &gate_up, &down}; }
  std::array<const Matrix*, 4> matrices() const { return {&qkv, &output, &gate_up, &down}; }
};

struct Weights {
  Matrix embedding;  // [V, C]
  std::vector<LayerWeights> layers;
  Norm norm;
  Matrix head;  // [V, C]; the same tensor as embedding when tied
};

/// A tensor that trains and the hub names that share its rows.
struct Parameter {
  std::string name;
  Tensor value;
  struct Part {
    std::string hub_name;
    int64_t first_row, rows;
  };
  std::vector<Part> parts;
};

/// The linear modules of a layer by their hub names, which adapters go by: "q_proj", "down_proj".
const std::vector<std::string>& linear_kinds();

/// What a transformer is loaded for. For sampling only, each matrix is packed as it is read, and its tensor dropped:
/// one copy of the weights instead of two. Nothing that needs the tensors may be called then.
enum class Purpose { kAnything, kSamplingOnly };

class Transformer {
 public:
  /// Reads all weights, in fp32. Throws kInput naming `place` when tensors are missing, unexpected or of the wrong
  /// shape.
  Transformer(const weights::ModelConfig& config, const weights::TensorSource& source, const std::string& place,
              Purpose purpose = Purpose::kAnything);

  /// ids and positions [T] (int64) -> hidden states after the final norm [T, C].
  Tensor forward(const Tensor& ids, const Tensor& positions, Attention& attention) const;

  /// What is called at the named places (hooks.h) from now on, under training, scoring and sampling; {} for nothing.
  void set_hooks(Hooks hooks);

  /// hidden [T, C] -> logits [T, V].
  Tensor logits(const Tensor& hidden) const { return linear(hidden, weights_.head); }

  /// Moves all tensors; own kernels on a CPU, plain ones elsewhere. The packed copies are dropped.
  void to(const at::Device& device);
  at::Device device() const { return weights_.norm.weight.device(); }
  const Kernels& kernels() const { return *kernels_; }
  /// For tests: plain kernels on a CPU.
  void use(const Kernels& kernels);

  /// What attends within the documents of a flat batch, on this model's device.
  std::unique_ptr<Attention> document_attention(std::vector<Document> documents) const {
    return kernels_->document_attention(std::move(documents));
  }

  /// Makes the packed copies for sampling, which own kernels have, or drops them (training changes the weights) where
  /// tensors remain.
  void pack();
  void unpack();

  /// Converts all weights and adapters (fp32 or bf16); the packed copies must be dropped.
  void cast(at::ScalarType type);
  /// Rounds every weight to what `type` can hold; they stay in their own type.
  void round_weights(at::ScalarType type);

  /// In a fixed order; the tensors are the model's own. Adapters are not among them.
  std::vector<Parameter> parameters() const {
    return collect([](const Matrix& matrix) { return matrix.value; });
  }

  /// The same with adapters added: copies where there are any.
  std::vector<Parameter> merged_parameters() const { return collect(merged); }

  /// Gives each linear module of these kinds ("q_proj", "down_proj") an adapter of rank `rank` and scale alpha / rank,
  /// which changes nothing yet: a uniform in +-1/sqrt(inputs), b zero. Throws kInput for an unknown kind and for
  /// GPT-NeoX. Adapters are
  /// in the weights' type.
  void attach_adapters(int64_t rank, double alpha, const std::vector<std::string>& kinds, uint64_t seed);

  /// Two a module, as PEFT names them: model.layers.0.self_attn.q_proj.lora_A and .lora_B. The tensors are the model's
  /// own.
  std::vector<Parameter> adapters() const;

  const weights::ModelConfig& config() const { return config_; }
  const Weights& weights() const { return weights_; }

 private:
  Tensor layer(int64_t index, const Tensor& x, const Tensor& positions, Attention& attention) const;
  Tensor normalised(const Tensor& x, const Norm& norm) const;
  Tensor hooked(const char* place, int64_t layer, const Tensor& activation) const;
  void for_matrices(const std::function<void(Matrix&)>& visit);
  void convert(const std::function<Tensor(const Tensor&)>& converted);
  std::vector<Parameter> collect(const std::function<Tensor(const Matrix&)>& value) const;

  weights::ModelConfig config_;
  Weights weights_;
  RotaryTable rotary_;
  const Kernels* kernels_ = &own_kernels();
  Hooks hooks_;
};

}  // namespace dormouse::nn
