#include "engine/nn/transformer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <set>

#include "core/base/error.h"
#include "core/base/random.h"
#include "engine/nn/packed_matrix.h"

namespace dormouse::nn {

namespace {

// A module of the hub, whose rows are a part of a stored matrix.
struct Module {
  std::string name;  // "model.layers.0.self_attn.q_proj"
  int64_t rows;
};

// A matrix of a layer, and the modules that it is made of, one below the other.
struct Stored {
  Matrix LayerWeights::*matrix;
  std::string name;
  std::vector<Module> modules;
  int64_t inputs;
  bool has_bias;
};

Tensor read_rows(const weights::TensorSource& source, const std::vector<Module>& modules, const char* suffix,
                 int64_t columns) {
  int64_t rows = 0;
  for (const auto& module : modules) rows += module.rows;
  Tensor tensor = at::empty({rows, columns}, at::kFloat);
  float* at = tensor.mutable_data_ptr<float>();
  for (const auto& module : modules) {
    const auto count = static_cast<std::size_t>(module.rows * columns);
    source.read_f32(module.name + suffix, {at, count});
    at += count;
  }
  return tensor;
}

Tensor read_vector(const weights::TensorSource& source, const std::vector<Module>& modules, const char* suffix) {
  return read_rows(source, modules, suffix, 1).flatten();
}

std::string layer_name(int64_t index, const char* rest) { return fmt::format("model.layers.{}.{}", index, rest); }

std::vector<Stored> stored_matrices(const weights::ModelConfig& config, int64_t index) {
  const int64_t hidden = config.hidden_size, inner = config.intermediate_size;
  const int64_t q = config.num_heads * config.head_dim, kv = config.num_kv_heads * config.head_dim;
  const auto name = [&](const char* rest) { return layer_name(index, rest); };
  std::vector<Module> into_mlp{{name("mlp.up_proj"), inner}};
  if (config.gated_mlp) into_mlp.insert(into_mlp.begin(), {name("mlp.gate_proj"), inner});
  return {{&LayerWeights::qkv,
           name("self_attn.qkv_proj"),
           {{name("self_attn.q_proj"), q}, {name("self_attn.k_proj"), kv}, {name("self_attn.v_proj"), kv}},
           hidden,
           config.qkv_bias},
          {&LayerWeights::output,
           name("self_attn.o_proj"),
           {{name("self_attn.o_proj"), hidden}},
           q,
           config.attention_output_bias},
          {&LayerWeights::gate_up, name("mlp.gate_up_proj"), into_mlp, hidden, config.mlp_bias},
          {&LayerWeights::down, name("mlp.down_proj"), {{name("mlp.down_proj"), hidden}}, inner, config.mlp_bias}};
}

void pack_matrix(Matrix& matrix) {
  if (matrix.packed) return;
  const Tensor wide = merged(matrix).to(at::kFloat).contiguous();
  matrix.packed = std::make_shared<PackedMatrix>(wide.const_data_ptr<float>(), wide.size(0), wide.size(1));
}

Matrix read_matrix(const weights::TensorSource& source, const std::vector<Module>& modules, int64_t columns,
                   bool has_bias, Purpose purpose) {
  Matrix matrix{.value = read_rows(source, modules, ".weight", columns)};
  if (has_bias) matrix.bias = read_vector(source, modules, ".bias");
  if (purpose == Purpose::kSamplingOnly) {
    pack_matrix(matrix);
    matrix.value = Tensor();
  }
  return matrix;
}

Norm read_norm(const weights::ModelConfig& config, const weights::TensorSource& source, const std::string& name) {
  const std::vector<Module> module{{name, config.hidden_size}};
  return {read_vector(source, module, ".weight"),
          config.centred_norm ? read_vector(source, module, ".bias") : Tensor()};
}

LayerWeights read_layer(const weights::ModelConfig& config, const weights::TensorSource& source, int64_t i,
                        Purpose purpose) {
  LayerWeights layer;
  for (const auto& stored : stored_matrices(config, i))
    layer.*stored.matrix = read_matrix(source, stored.modules, stored.inputs, stored.has_bias, purpose);
  layer.input_norm = read_norm(config, source, layer_name(i, "input_layernorm"));
  layer.mlp_norm = read_norm(config, source, layer_name(i, "post_attention_layernorm"));
  return layer;
}

// Threads claim parts, which are not equally large.
void claim_parts(int64_t parts, const std::function<void(int64_t)>& work) {
  std::atomic<int64_t> unclaimed{0};
  at::parallel_for(0, at::get_num_threads(), 1, [&](int64_t, int64_t) {
    for (int64_t i = unclaimed++; i < parts; i = unclaimed++) work(i);
  });
}

Parameter parameter(std::string name, const Tensor& value, const std::vector<Module>& modules, const char* suffix) {
  Parameter made{.name = std::move(name), .value = value, .parts = {}};
  int64_t row = 0;
  for (const auto& module : modules) {
    made.parts.push_back({module.name + suffix, row, module.rows});
    row += module.rows;
  }
  return made;
}

Parameter parameter(const std::string& name, const Tensor& value) {
  return parameter(name, value, {{name, value.size(0)}}, "");
}

std::string hook_name(const char* place, int64_t layer) {
  return layer < 0 ? std::string(place) : fmt::format("layers.{}.{}", layer, place);
}

}  // namespace

std::vector<std::string> hook_names(int64_t layers) {
  std::vector<std::string> names{"embedding"};
  for (int64_t i = 0; i < layers; ++i) {
    for (const char* place : {"attention", "mlp", "residual"}) names.push_back(hook_name(place, i));
  }
  names.push_back("final");
  return names;
}

const std::vector<std::string>& linear_kinds() {
  static const std::vector<std::string> kKinds{"q_proj",    "k_proj",  "v_proj",   "o_proj",
                                               "gate_proj", "up_proj", "down_proj"};
  return kKinds;
}

Transformer::Transformer(const weights::ModelConfig& config, const weights::TensorSource& source,
                         const std::string& place, Purpose purpose)
    : config_(config) {
  weights::check_tensors(config, source, place);
  const auto read = [&](const char* name) {
    return read_matrix(source, {{name, config.vocab_size}}, config.hidden_size, /*has_bias=*/false, purpose);
  };
  weights_.layers.resize(static_cast<std::size_t>(config.num_layers));
  claim_parts(2 + config.num_layers, [&](int64_t part) {  // the largest first
    if (part == 0) {
      weights_.embedding = read("model.embed_tokens");
    } else if (part == 1) {
      if (!config.tie_embeddings) weights_.head = read("lm_head");
    } else {
      weights_.layers[static_cast<std::size_t>(part - 2)] = read_layer(config, source, part - 2, purpose);
    }
  });
  if (config.tie_embeddings) weights_.head = weights_.embedding;
  weights_.norm = read_norm(config, source, "model.norm");
  rotary_ =
      rotary_table(config.max_positions, config.head_dim, config.rotary_dim(), config.rope_theta, config.rope_scaling);
}

void Transformer::set_hooks(Hooks hooks) {
  const auto known = hook_names(config_.num_layers);
  for (const auto& [name, hook] : hooks) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      fail_input("hooks", fmt::format("there is no place `{}`", name),
                 fmt::format("known: {}", fmt::join(known, ", ")));
    }
  }
  hooks_ = std::move(hooks);
}

// `layer` is -1 outside of the layers.
Tensor Transformer::hooked(const char* place, int64_t layer, const Tensor& activation) const {
  if (hooks_.empty()) return activation;
  const auto found = hooks_.find(hook_name(place, layer));
  return found == hooks_.end() ? activation : found->second(activation);
}

Tensor Transformer::normalised(const Tensor& x, const Norm& norm) const {
  if (!norm.bias.defined()) return kernels_->rms_norm(x, norm.weight, config_.norm_eps);
  return at::layer_norm(x, {x.size(1)}, norm.weight, norm.bias, config_.norm_eps);
}

Tensor Transformer::layer(int64_t index, const Tensor& x, const Tensor& positions, Attention& attention) const {
  const LayerWeights& w = weights_.layers[static_cast<std::size_t>(index)];
  const Kernels& with = *kernels_;
  const Tensor qkv = linear(normalised(x, w.input_norm), w.qkv);
  const Heads heads = with.split_rotate(qkv, positions, rotary_, config_.num_heads, config_.num_kv_heads);
  const Tensor middle = x + hooked("attention", index, linear(attention.attend(index, heads), w.output));
  const Tensor inner = linear(normalised(config_.parallel_residual ? x : middle, w.mlp_norm), w.gate_up);
  const Tensor active = config_.gated_mlp ? with.swiglu(inner) : with.gelu(inner);
  return hooked("residual", index, middle + hooked("mlp", index, linear(active, w.down)));
}

Tensor Transformer::forward(const Tensor& ids, const Tensor& positions, Attention& attention) const {
  Tensor x = hooked("embedding", -1, embedding(ids, weights_.embedding));
  for (int64_t i = 0; i < config_.num_layers; ++i) x = layer(i, x, positions, attention);
  return hooked("final", -1, normalised(x, weights_.norm));
}

void Transformer::for_matrices(const std::function<void(Matrix&)>& visit) {
  for (auto& layer : weights_.layers) {
    for (Matrix* matrix : layer.matrices()) visit(*matrix);
  }
  visit(weights_.head);
}

void Transformer::pack() {
  if (kernels_->own) for_matrices(pack_matrix);
}

void Transformer::unpack() {
  for_matrices([](Matrix& matrix) {
    if (matrix.value.defined()) matrix.packed.reset();
  });
}

void Transformer::convert(const std::function<Tensor(const Tensor&)>& converted) {
  DORMOUSE_ASSERT(!weights_.head.packed);
  const auto replace = [&](Tensor& tensor) {
    if (tensor.defined()) tensor = converted(tensor);
  };
  const auto replace_norm = [&](Norm& norm) { replace(norm.weight), replace(norm.bias); };
  replace(weights_.embedding.value);
  for (auto& layer : weights_.layers) {
    for (Matrix* matrix : layer.matrices()) {
      replace(matrix->value);
      replace(matrix->bias);
      for (auto& adapter : matrix->adapters) replace(adapter.a), replace(adapter.b);
    }
    replace_norm(layer.input_norm);
    replace_norm(layer.mlp_norm);
  }
  replace_norm(weights_.norm);
  weights_.head.value = config_.tie_embeddings ? weights_.embedding.value : converted(weights_.head.value);
}

void Transformer::cast(at::ScalarType type) {
  convert([type](const Tensor& tensor) { return tensor.to(type); });
}

void Transformer::to(const at::Device& device) {
  unpack();
  convert([&](const Tensor& tensor) { return tensor.to(device); });
  rotary_ = {rotary_.cos.to(device), rotary_.sin.to(device)};
  kernels_ = device.is_cpu() ? &own_kernels() : &plain_kernels();
}

void Transformer::use(const Kernels& kernels) {
  unpack();
  kernels_ = &kernels;
}

void Transformer::round_weights(at::ScalarType type) {
  const at::NoGradGuard no_gradient;
  unpack();
  for (auto& parameter : parameters()) parameter.value.copy_(parameter.value.to(type));
}

std::vector<Parameter> Transformer::collect(const std::function<Tensor(const Matrix&)>& value) const {
  std::vector<Parameter> all{parameter("model.embed_tokens.weight", weights_.embedding.value)};
  const auto add_norm = [&](const std::string& name, const Norm& norm) {
    all.push_back(parameter(name + ".weight", norm.weight));
    if (norm.bias.defined()) all.push_back(parameter(name + ".bias", norm.bias));
  };
  for (int64_t i = 0; i < config_.num_layers; ++i) {
    const LayerWeights& layer = weights_.layers[static_cast<std::size_t>(i)];
    for (const auto& stored : stored_matrices(config_, i)) {  // a norm stands before the matrix that reads it
      if (stored.matrix == &LayerWeights::qkv) add_norm(layer_name(i, "input_layernorm"), layer.input_norm);
      if (stored.matrix == &LayerWeights::gate_up) add_norm(layer_name(i, "post_attention_layernorm"), layer.mlp_norm);
      const Matrix& matrix = layer.*stored.matrix;
      all.push_back(parameter(stored.name + ".weight", value(matrix), stored.modules, ".weight"));
      if (stored.has_bias) all.push_back(parameter(stored.name + ".bias", matrix.bias, stored.modules, ".bias"));
    }
  }
  add_norm("model.norm", weights_.norm);
  if (!config_.tie_embeddings) all.push_back(parameter("lm_head.weight", value(weights_.head)));
  return all;
}

std::vector<Parameter> Transformer::adapters() const {
  std::vector<Parameter> all;
  for (const auto& layer : weights_.layers) {
    for (const Matrix* matrix : layer.matrices()) {
      for (const auto& adapter : matrix->adapters) {
        all.push_back(parameter(adapter.module + ".lora_A", adapter.a));
        all.push_back(parameter(adapter.module + ".lora_B", adapter.b));
      }
    }
  }
  return all;
}

namespace {

// As PEFT begins: a uniform in +-1/sqrt(inputs), b zero.
LowRank new_adapter(const std::string& module, const Tensor& weight, int64_t first_row, int64_t rows, int64_t rank,
                    double alpha, uint64_t seed) {
  Tensor a = at::empty({rank, weight.size(1)}, at::kFloat);
  RandomStream random(seed, "adapter/" + module);
  const double bound = 1 / std::sqrt(static_cast<double>(a.size(1)));
  float* values = a.mutable_data_ptr<float>();
  for (int64_t i = 0; i < a.numel(); ++i) values[i] = static_cast<float>((2 * random.uniform() - 1) * bound);
  const Tensor b = at::zeros({rows, rank}, at::kFloat);
  return {a.to(weight.options()), b.to(weight.options()), first_row, alpha / static_cast<double>(rank), module};
}

}  // namespace

void Transformer::attach_adapters(int64_t rank, double alpha, const std::vector<std::string>& kinds, uint64_t seed) {
  DORMOUSE_ASSERT(rank > 0 && adapters().empty());
  if (config_.is_neox()) {
    fail_input("adapters", "those of GPT-NeoX are not supported, whose modules PEFT names otherwise",
               "train the whole model: leave `adapter_rank` out");
  }
  unpack();
  std::set<std::string> unused(kinds.begin(), kinds.end());
  const auto attach = [&](Matrix& matrix, const std::vector<Module>& modules) {
    int64_t row = 0;
    for (const auto& [name, rows] : modules) {
      const std::string kind = name.substr(name.rfind('.') + 1);
      if (std::find(kinds.begin(), kinds.end(), kind) != kinds.end()) {
        unused.erase(kind);
        matrix.adapters.push_back(new_adapter(name, matrix.value, row, rows, rank, alpha, seed));
      }
      row += rows;
    }
  };
  for (int64_t i = 0; i < config_.num_layers; ++i) {
    LayerWeights& layer = weights_.layers[static_cast<std::size_t>(i)];
    for (const auto& stored : stored_matrices(config_, i)) attach(layer.*stored.matrix, stored.modules);
  }
  if (!unused.empty()) {
    fail_input("adapters", fmt::format("there is no linear module `{}`", *unused.begin()),
               fmt::format("known: {}", fmt::join(linear_kinds(), ", ")));
  }
}

}  // namespace dormouse::nn
