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
  bool stop_at_end = true;  // false samples on after the end of the turn: for timing
};

class LocalModel : public ChatModel {
 public:
  explicit LocalModel(weights::ModelFiles files, LocalModelOptions options = {});
  ~LocalModel() override;

  std::vector<Completion> complete(std::span<const Request> requests, const sample::SamplingOptions& options,
                                   const SampleProgress& progress = {}) override;

  /// As `complete`, for prompts that are token ids already.
  std::vector<Completion> complete_ids(std::span<const std::vector<int32_t>> prompts, std::span<const uint64_t> seeds,
                                       const sample::SamplingOptions& options, const SampleProgress& progress = {});

  /// Log-probabilities of the target tokens of rows.
  std::vector<train::RowScore> score(const std::vector<text::RenderedRow>& rows);

  /// Logits [T, V], row-major fp32, of a single document; for tests and tools.
  std::vector<float> logits(std::span<const int32_t> ids);

  const text::ChatFormat& format() const;
  const weights::ModelFiles& files() const;
  /// For a Trainer. Sampling after training packs the new weights.
  nn::Transformer& transformer();

  /// Writes a folder in the hub's layout, weights in `dtype`.
  void save(const std::filesystem::path& folder, weights::DType dtype);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dormouse::chat
