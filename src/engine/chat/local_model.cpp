#include "engine/chat/local_model.h"

#include "core/base/error.h"
#include "engine/nn/runtime.h"
#include "engine/nn/transformer.h"
#include "engine/sample/generator.h"
#include "engine/train/batch.h"
#include "engine/weights/adapter_folder.h"

namespace dormouse::chat {

namespace {

// Rows of a stored matrix as bytes of the target type, kept alive by `storage`.
weights::NamedTensor named_rows(const at::Tensor& value, int64_t first, int64_t rows, weights::DType dtype,
                                std::vector<at::Tensor>& storage) {
  const auto type = dtype == weights::DType::kBF16 ? at::kBFloat16 : at::kFloat;
  storage.push_back(value.detach().narrow(0, first, rows).to(type).contiguous().cpu());
  const at::Tensor& tensor = storage.back();
  return {tensor.sizes().vec(),
          dtype,
          {static_cast<const std::byte*>(tensor.const_data_ptr()), static_cast<std::size_t>(tensor.nbytes())}};
}

}  // namespace

struct LocalModel::State {
  weights::ModelFiles files;
  text::ChatFormat format;
  nn::Transformer transformer;
  LocalModelOptions options;
  weights::AdapterConfig adapters = {};  // rank 0: none
};

LocalModel::LocalModel(weights::ModelFiles files, LocalModelOptions options) {
  text::ChatFormat format = files.chat_format();
  // Lean models have nothing but weights packed for a CPU.
  const bool on_cpu = nn::device() == "cpu", lean = options.sampling_only && on_cpu;
  nn::Transformer transformer(files.config(), files.tensors(), files.path().string(),
                              lean ? nn::Purpose::kSamplingOnly : nn::Purpose::kAnything);
  if (!on_cpu) transformer.to(at::Device(nn::device()));
  if (options.round_to_bf16) on_cpu ? transformer.round_weights(at::kBFloat16) : transformer.cast(at::kBFloat16);
  state_ = std::make_unique<State>(State{std::move(files), std::move(format), std::move(transformer), options});
}

LocalModel::~LocalModel() = default;
LocalModel::LocalModel(LocalModel&&) noexcept = default;

const text::ChatFormat& LocalModel::format() const { return state_->format; }
const weights::ModelFiles& LocalModel::files() const { return state_->files; }
nn::Transformer& LocalModel::transformer() {
  DORMOUSE_ASSERT(!state_->options.sampling_only);
  return state_->transformer;
}

std::vector<Completion> LocalModel::complete(std::span<const Request> requests, const sample::SamplingOptions& options,
                                             const SampleProgress& progress) {
  std::vector<std::vector<int32_t>> prompts;
  std::vector<uint64_t> seeds;
  std::vector<std::string> texts;
  for (const auto& request : requests) {
    text::RenderedPrompt rendered = state_->format.prompt(request.messages, request.begun);
    prompts.push_back(std::move(rendered.ids));
    texts.push_back(std::move(rendered.text));
    seeds.push_back(request.seed);
  }
  auto completions = complete_ids(prompts, seeds, options, progress);
  for (std::size_t i = 0; i < completions.size(); ++i) completions[i].prompt = std::move(texts[i]);
  return completions;
}

std::vector<Completion> LocalModel::complete_ids(std::span<const std::vector<int32_t>> prompts,
                                                 std::span<const uint64_t> seeds,
                                                 const sample::SamplingOptions& options,
                                                 const SampleProgress& progress) {
  DORMOUSE_ASSERT(prompts.size() == seeds.size());
  state_->transformer.pack();
  std::vector<sample::GenerationRequest> requests;
  for (std::size_t i = 0; i < prompts.size(); ++i) requests.push_back({prompts[i], seeds[i]});
  const sample::Generator generator(
      state_->transformer, state_->format.tokenizer(),
      state_->options.stop_at_end ? state_->format.stop_ids() : std::vector<int32_t>{},
      {.max_batch = state_->options.max_batch, .share_prefixes = state_->options.share_prefixes});
  auto results = generator.run(requests, options, progress);
  std::vector<Completion> completions;
  for (std::size_t i = 0; i < results.size(); ++i) {
    completions.push_back({.prompt = {},
                           .text = std::move(results[i].text),
                           .prompt_tokens = static_cast<int64_t>(prompts[i].size()),
                           .tokens = static_cast<int64_t>(results[i].tokens.size()),
                           .finish_reason = results[i].stopped ? "stop" : "length",
                           .stop_text = std::move(results[i].stop_text)});
  }
  return completions;
}

std::vector<train::RowScore> LocalModel::score(const std::vector<text::RenderedRow>& rows, int64_t pass_tokens) {
  return train::score_rows(transformer(), rows, pass_tokens);
}

std::vector<float> LocalModel::logits(std::span<const int32_t> ids) {
  const at::NoGradGuard no_gradient;
  text::RenderedRow row{{}, {ids.begin(), ids.end()}, std::vector<uint8_t>(ids.size(), 0)};
  const text::RenderedRow* pointer = &row;
  const auto& transformer = state_->transformer;
  const train::Batch batch = train::make_batch({&pointer, 1}, transformer.device());
  const auto attention = transformer.document_attention(batch.documents);
  const at::Tensor logits = transformer.logits(transformer.forward(batch.ids, batch.positions, *attention))
                                .to(at::kCPU, at::kFloat)
                                .contiguous();
  const float* data = logits.const_data_ptr<float>();
  return {data, data + logits.numel()};
}

void LocalModel::attach_idle_hooks() {
  nn::Hooks hooks;
  for (const auto& name : nn::hook_names(state_->files.config().num_layers)) {
    hooks[name] = [](const at::Tensor& activation) { return activation; };
  }
  transformer().set_hooks(std::move(hooks));
}

void LocalModel::attach_adapters(int64_t rank, double alpha, uint64_t seed) {
  state_->adapters = {rank, alpha, nn::linear_kinds(), state_->files.path().filename().string()};
  transformer().attach_adapters(rank, alpha, state_->adapters.kinds, seed);
}

void LocalModel::save_adapters(const std::filesystem::path& folder) const {
  DORMOUSE_ASSERT(state_->adapters.rank > 0);
  std::vector<at::Tensor> storage;
  std::map<std::string, weights::NamedTensor> tensors;
  for (const auto& adapter : state_->transformer.adapters()) {
    tensors[adapter.name] = named_rows(adapter.value, 0, adapter.value.size(0), weights::DType::kF32, storage);
  }
  weights::save_adapter_folder(folder, state_->adapters, tensors);
}

void LocalModel::load_adapters(const std::filesystem::path& folder) {
  weights::AdapterFolder loaded = weights::load_adapter_folder(folder);
  transformer().attach_adapters(loaded.config.rank, loaded.config.alpha, loaded.config.kinds, /*seed=*/0);
  state_->adapters = loaded.config;
  for (const auto& adapter : state_->transformer.adapters()) {
    const auto found = loaded.tensors.find(adapter.name);
    if (found == loaded.tensors.end() || static_cast<int64_t>(found->second.size()) != adapter.value.numel()) {
      fail_input(folder.string(), "has no tensor of the right size for " + adapter.name,
                 "load it with the model that it was trained on");
    }
    adapter.value.copy_(at::from_blob(found->second.data(), adapter.value.sizes(), at::kFloat));
    loaded.tensors.erase(found);
  }
  if (!loaded.tensors.empty()) {
    fail_input(folder.string(), "has a tensor that the model has no place for: " + loaded.tensors.begin()->first,
               "load it with the model that it was trained on");
  }
}

void LocalModel::save(const std::filesystem::path& folder, weights::DType dtype) {
  std::vector<at::Tensor> storage;
  std::map<std::string, weights::NamedTensor> tensors;
  for (const auto& parameter : transformer().merged_parameters()) {
    for (const auto& part : parameter.parts) {
      tensors[part.hub_name] = named_rows(parameter.value, part.first_row, part.rows, dtype, storage);
    }
  }
  weights::save_model_folder(folder, state_->files, tensors);
}

}  // namespace dormouse::chat
