// A chat model on this machine: files, format and transformer in one object. Free of tensors in its interface.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/chat/chat_model.h"
#include "engine/train/trainer.h"
#include "engine/weights/model_folder.h"

namespace dormouse::chat {

struct LocalModelOptions {
  int64_t max_batch = 64;
  bool share_prefixes = true;
  bool stop_at_end = true;     // false samples on after the end of the turn: for timing
  bool round_to_bf16 = false;  // the weights, as a folder saved in bf16 holds them; on a GPU all is computed in it
  bool sampling_only = false;  // one copy of the weights instead of two; no scoring, training, adapters or saving
};

class LocalModel : public ChatModel {
 public:
  /// On the device in use, nn::device().
  explicit LocalModel(weights::ModelFiles files, LocalModelOptions options = {});
  ~LocalModel() override;
  LocalModel(LocalModel&&) noexcept;

  std::vector<Completion> complete(std::span<const Request> requests, const sample::SamplingOptions& options,
                                   const SampleProgress& progress = {}) override;

  /// As `complete`, for prompts that are token ids already.
  std::vector<Completion> complete_ids(std::span<const std::vector<int32_t>> prompts, std::span<const uint64_t> seeds,
                                       const sample::SamplingOptions& options, const SampleProgress& progress = {});

  /// Log-probabilities of the target tokens of rows, at most `pass_tokens` tokens at once (or one row); rows of a pass
  /// share beginnings.
  std::vector<train::RowScore> score(const std::vector<text::RenderedRow>& rows, int64_t pass_tokens = 2048);

  /// Logits [T, V], row-major fp32, of a single document; for tests and tools.
  std::vector<float> logits(std::span<const int32_t> ids);

  const text::ChatFormat& format() const;
  const weights::ModelFiles& files() const;
  /// For a Trainer. Sampling after training packs the new weights.
  nn::Transformer& transformer();

  /// A hook that changes nothing at every named place (nn/hooks.h): what hooks cost before they do anything.
  void attach_idle_hooks();

  /// Gives every linear module an adapter (Transformer::attach_adapters).
  void attach_adapters(int64_t rank, double alpha, uint64_t seed);
  /// Adapters in PEFT's layout, fp32. The model must have some to save, and none to load; throws kInput if they do not
  /// fit.
  void save_adapters(const std::filesystem::path& folder) const;
  void load_adapters(const std::filesystem::path& folder);

  /// Writes a folder in the hub's layout, weights in `dtype`, adapters merged.
  void save(const std::filesystem::path& folder, weights::DType dtype);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dormouse::chat
