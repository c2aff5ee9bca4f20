#include "engine/train/rollout.h"

#include <fmt/format.h>

#include "core/base/random.h"
#include "engine/nn/transformer.h"
#include "engine/sample/generator.h"

namespace dormouse::train {

namespace {

text::RenderedRow completed(const std::vector<int32_t>& prompt, const std::vector<int32_t>& tokens) {
  text::RenderedRow row{{}, prompt, std::vector<uint8_t>(prompt.size(), 0)};
  row.ids.insert(row.ids.end(), tokens.begin(), tokens.end());
  row.is_target.resize(row.ids.size(), 1);
  return row;
}

}  // namespace

std::vector<Rollout> sample_rollouts(nn::Transformer& model, const text::ChatFormat& format,
                                     std::span<const std::vector<int32_t>> prompts, const RolloutOptions& options,
                                     const sample::SamplingOptions& sampling, uint64_t seed) {
  std::vector<sample::GenerationRequest> requests;
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    for (int64_t j = 0; j < options.samples; ++j) {
      requests.push_back({prompts[i], RandomStream(seed, fmt::format("rollout/{}/{}", i, j)).next()});
    }
  }
  model.pack();
  const sample::Generator generator(model, format.tokenizer(),
                                    options.stop_at_end ? format.stop_ids() : std::vector<int32_t>{},
                                    {.max_batch = options.max_batch, .log_probs = true});
  auto generations = generator.run(requests, sampling);
  std::vector<Rollout> rollouts;
  for (std::size_t i = 0; i < generations.size(); ++i) {
    auto& made = generations[i];
    rollouts.push_back({.prompt = i / static_cast<std::size_t>(options.samples),
                        .row = completed(requests[i].prompt, made.tokens),
                        .log_probs = std::move(made.log_probs),
                        .text = std::move(made.text),
                        .stopped = made.stopped});
  }
  return rollouts;
}

std::vector<const text::RenderedRow*> rows_of(std::span<const Rollout> rollouts) {
  std::vector<const text::RenderedRow*> rows;
  for (const auto& rollout : rollouts) rows.push_back(&rollout.row);
  return rows;
}

}  // namespace dormouse::train
