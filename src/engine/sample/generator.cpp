#include "engine/sample/generator.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "core/base/error.h"
#include "core/base/progress.h"
#include "core/text/prefix_tree.h"
#include "engine/nn/softmax.h"
#include "engine/sample/kv_cache.h"
#include "engine/sample/sampler.h"

namespace dormouse::sample {

namespace {

struct Sequence {
  std::size_t request;
  RandomStream random;
  std::vector<std::shared_ptr<KvSegment>> context;
  std::shared_ptr<KvSegment> own;
  int64_t position = 0;          // of the next token to feed
  std::vector<int32_t> pending;  // tokens to feed in the next step
  text::StreamDecoder decoder;
  Generation result;
};

// Keys and values of a run of the prefix tree, from the first sequence that needs it to the last one taken in.
struct SharedCache {
  std::shared_ptr<KvSegment> segment;
  int64_t users = 0;  // so far
};

// The tokens of one forward pass.
struct Step {
  std::vector<int64_t> ids, positions;
  std::vector<Chunk> chunks;

  void add(std::span<const int32_t> tokens, int64_t position, std::vector<std::shared_ptr<KvSegment>> context,
           std::shared_ptr<KvSegment> own) {
    chunks.push_back(
        {static_cast<int64_t>(ids.size()), static_cast<int64_t>(tokens.size()), std::move(context), std::move(own)});
    for (const int32_t token : tokens) {
      ids.push_back(token);
      positions.push_back(position++);
    }
  }
};

nn::Tensor index_tensor(std::vector<int64_t>& values, const at::Device& device) {
  return at::from_blob(values.data(), {static_cast<int64_t>(values.size())}, at::kLong).to(device);
}

class Session {
 public:
  Session(const nn::Transformer& model, const text::Tokenizer& tokenizer, std::span<const int32_t> stop_ids,
          const GeneratorOptions& limits, std::span<const GenerationRequest> requests, const SamplingOptions& options)
      : model_(model),
        tokenizer_(tokenizer),
        stop_ids_(stop_ids),
        limits_(limits),
        requests_(requests),
        options_(options),
        cache_(make_cache(model)),
        tree_(prompts(), limits.share_prefixes ? 16 : SIZE_MAX),
        caches_(tree_.runs().size()),
        results_(requests.size()) {}

  std::vector<Generation> run(const GenerationProgress& progress) {
    while (next_ < requests_.size() || !active_.empty()) {
      check_interrupt();
      step();
      if (progress) progress(done_, static_cast<int64_t>(requests_.size()), sampled_);
    }
    return std::move(results_);
  }

 private:
  std::vector<std::span<const int32_t>> prompts() const {
    std::vector<std::span<const int32_t>> all;
    for (const auto& request : requests_) all.emplace_back(request.prompt);
    return all;
  }

  std::shared_ptr<KvSegment> segment(std::size_t tokens) const { return cache_->segment(static_cast<int64_t>(tokens)); }

  // Takes the next request in: its shared runs join this step unless an earlier request brought them.
  void admit(Step& step) {
    const auto& request = requests_[next_];
    const auto& shared = tree_.path(next_);
    Sequence sequence{next_, RandomStream(request.seed, "token"), {}, nullptr, 0,
                      {},    text::StreamDecoder(tokenizer_),     {}};
    for (const std::size_t run : shared.runs) {
      const auto tokens = tree_.runs()[run].tokens;
      SharedCache& cache = caches_[run];
      if (cache.users++ == 0) {
        cache.segment = segment(tokens.size());
        step.add(tokens, sequence.position, sequence.context, cache.segment);
      }
      sequence.context.push_back(cache.segment);
      sequence.position += static_cast<int64_t>(tokens.size());
      if (cache.users == tree_.runs()[run].sequences) cache.segment.reset();  // the sequences hold it from here on
    }
    sequence.pending.assign(request.prompt.begin() + static_cast<std::ptrdiff_t>(shared.tokens), request.prompt.end());
    sequence.own = segment(sequence.pending.size() + static_cast<std::size_t>(options_.max_tokens));
    active_.push_back(std::move(sequence));
    ++next_;
  }

  void step() {
    Step step;
    while (next_ < requests_.size() && static_cast<int64_t>(active_.size()) < limits_.max_batch) {
      const auto waiting = static_cast<int64_t>(step.ids.size());
      int64_t pending = 0;
      for (const auto& sequence : active_) pending += static_cast<int64_t>(sequence.pending.size());
      if (waiting + pending > limits_.prefill_tokens + limits_.max_batch) break;
      admit(step);
    }
    std::vector<int64_t> last_rows;
    for (auto& sequence : active_) {
      step.add(sequence.pending, sequence.position, sequence.context, sequence.own);
      sequence.position += static_cast<int64_t>(sequence.pending.size());
      last_rows.push_back(static_cast<int64_t>(step.ids.size()) - 1);
    }
    const auto attention = cache_->attention(std::move(step.chunks));
    const auto on_device = [&](std::vector<int64_t>& values) { return index_tensor(values, model_.device()); };
    const nn::Tensor hidden = model_.forward(on_device(step.ids), on_device(step.positions), *attention);
    attention->finish();
    take_tokens(model_.logits(hidden.index_select(0, on_device(last_rows))).to(at::kCPU, at::kFloat));
  }

  void take_tokens(const nn::Tensor& logits) {
    const int64_t vocabulary = logits.size(1);
    const float* rows = logits.const_data_ptr<float>();
    std::vector<int32_t> tokens(active_.size());
    at::parallel_for(0, static_cast<int64_t>(active_.size()), 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const std::span row(rows + i * vocabulary, static_cast<std::size_t>(vocabulary));
        Sequence& sequence = active_[static_cast<std::size_t>(i)];
        const int32_t token = tokens[static_cast<std::size_t>(i)] = draw_token(row, options_, sequence.random);
        if (limits_.log_probs) sequence.result.log_probs.push_back(nn::log_probability(row, token));
      }
    });
    sampled_ += static_cast<int64_t>(tokens.size());
    std::vector<Sequence> going_on;
    for (std::size_t i = 0; i < active_.size(); ++i) {
      if (finished(active_[i], tokens[i])) {
        results_[active_[i].request] = std::move(active_[i].result);
        ++done_;
      } else {
        going_on.push_back(std::move(active_[i]));
      }
    }
    active_ = std::move(going_on);
  }

  // Appends a sampled token; true when the sequence ends with it.
  bool finished(Sequence& sequence, int32_t token) const {
    Generation& result = sequence.result;
    result.tokens.push_back(token);
    result.stopped = std::find(stop_ids_.begin(), stop_ids_.end(), token) != stop_ids_.end();
    const bool full = static_cast<int64_t>(result.tokens.size()) >= options_.max_tokens;
    if (!result.stopped) {
      result.text += sequence.decoder.push(token);
      sequence.pending.assign(1, token);
    }
    if (result.stopped || full) result.text += sequence.decoder.finish();
    for (const auto& stop : options_.stop) {
      const std::size_t at = stop.empty() ? std::string::npos : result.text.find(stop);
      if (at == std::string::npos) continue;
      result.text.resize(at);
      result.stopped = true;
      result.stop_text = stop;
    }
    return result.stopped || full;
  }

  const nn::Transformer& model_;
  const text::Tokenizer& tokenizer_;
  std::span<const int32_t> stop_ids_;
  const GeneratorOptions& limits_;
  std::span<const GenerationRequest> requests_;
  const SamplingOptions& options_;
  std::unique_ptr<KvCache> cache_;
  text::PrefixTree tree_;
  std::vector<SharedCache> caches_;  // one a run of the tree
  std::vector<Generation> results_;
  std::vector<Sequence> active_;
  std::size_t next_ = 0;  // first request not taken in
  int64_t done_ = 0, sampled_ = 0;
};

}  // namespace

Generator::Generator(const nn::Transformer& model, text::Tokenizer tokenizer, std::vector<int32_t> stop_ids,
                     GeneratorOptions options)
    : model_(model), tokenizer_(std::move(tokenizer)), stop_ids_(std::move(stop_ids)), options_(options) {}

std::vector<Generation> Generator::run(std::span<const GenerationRequest> requests, const SamplingOptions& options,
                                       const GenerationProgress& progress) const {
  const int64_t limit = model_.config().max_positions;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const auto length = static_cast<int64_t>(requests[i].prompt.size());
    DORMOUSE_ASSERT(length > 0);
    if (length + options.max_tokens > limit) {
      fail_input(fmt::format("prompt {}", i + 1),
                 fmt::format("{} prompt tokens and max_tokens {} exceed the model's context of {}", length,
                             options.max_tokens, limit),
                 "shorten the prompt or lower max_tokens");
    }
  }
  const at::NoGradGuard no_gradient;
  return Session(model_, tokenizer_, stop_ids_, options_, requests, options).run(progress);
}

}  // namespace dormouse::sample
