#include "engine/sample/prefix_tree.h"

#include <algorithm>
#include <numeric>

#include "core/base/error.h"

namespace dormouse::sample {

PrefixTree::PrefixTree(std::vector<std::span<const int32_t>> prompts, std::size_t shortest)
    : prompts_(std::move(prompts)), order_(prompts_.size()), shortest_(shortest), shared_(prompts_.size()) {
  // The last token of a prompt is always computed by its own sequence: its logits are needed.
  for (auto& prompt : prompts_) {
    DORMOUSE_ASSERT(!prompt.empty());
    prompt = prompt.first(prompt.size() - 1);
  }
  std::iota(order_.begin(), order_.end(), 0);
  std::sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) {
    return std::lexicographical_compare(prompts_[a].begin(), prompts_[a].end(), prompts_[b].begin(), prompts_[b].end());
  });
  split(0, order_.size(), 0, 0);
}

// Prompts order_[begin, end) agree on their first `depth` tokens, of which those before `run_start` are in runs already.
void PrefixTree::split(std::size_t begin, std::size_t end, std::size_t depth, std::size_t run_start) {
  if (end - begin < 2) return;
  // Sorted, so the first and the last prompt agree on exactly what all agree on.
  const auto first = prompts_[order_[begin]], last = prompts_[order_[end - 1]];
  const std::size_t limit = std::min(first.size(), last.size());
  while (depth < limit && first[depth] == last[depth]) ++depth;
  if (depth - run_start >= shortest_) {
    add_run(begin, end, run_start, depth);
    run_start = depth;
  }
  std::size_t group = begin;
  while (group < end && prompts_[order_[group]].size() == depth) ++group;  // prompts that end here
  while (group < end) {
    const int32_t token = prompts_[order_[group]][depth];
    std::size_t next = group;
    while (next < end && prompts_[order_[next]][depth] == token) ++next;
    split(group, next, depth, run_start);
    group = next;
  }
}

void PrefixTree::add_run(std::size_t begin, std::size_t end, std::size_t first, std::size_t last) {
  const auto tokens = prompts_[order_[begin]].subspan(first, last - first);
  runs_.push_back(std::make_unique<SharedRun>());
  runs_.back()->tokens.assign(tokens.begin(), tokens.end());
  runs_.back()->waiting = static_cast<int64_t>(end - begin);
  for (std::size_t i = begin; i < end; ++i) {
    SharedPrompt& shared = shared_[order_[i]];
    shared.runs.push_back(runs_.back().get());
    shared.shared_tokens = last;
  }
}

}  // namespace dormouse::sample
