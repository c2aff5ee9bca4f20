#include "core/text/prefix_tree.h"

#include <algorithm>
#include <numeric>

#include "core/base/error.h"

namespace dormouse::text {

PrefixTree::PrefixTree(std::vector<std::span<const int32_t>> sequences, std::size_t shortest)
    : sequences_(std::move(sequences)), order_(sequences_.size()), shortest_(shortest), paths_(sequences_.size()) {
  // The last token always belongs to the sequence alone: what it predicts is wanted.
  for (auto& sequence : sequences_) {
    DORMOUSE_ASSERT(!sequence.empty());
    sequence = sequence.first(sequence.size() - 1);
  }
  std::iota(order_.begin(), order_.end(), 0);
  std::sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) {
    return std::lexicographical_compare(sequences_[a].begin(), sequences_[a].end(), sequences_[b].begin(),
                                        sequences_[b].end());
  });
  split(0, order_.size(), 0, 0);
}

// Sequences order_[begin, end) agree on their first `depth` tokens, of which those before `run_start` are in runs
// already.
void PrefixTree::split(std::size_t begin, std::size_t end, std::size_t depth, std::size_t run_start) {
  if (end - begin < 2) return;
  // Sorted, so the first and the last sequence agree on exactly what all agree on.
  const auto first = sequences_[order_[begin]], last = sequences_[order_[end - 1]];
  const std::size_t limit = std::min(first.size(), last.size());
  while (depth < limit && first[depth] == last[depth]) ++depth;
  if (depth - run_start >= shortest_) {
    add_run(begin, end, run_start, depth);
    run_start = depth;
  }
  std::size_t group = begin;
  while (group < end && sequences_[order_[group]].size() == depth) ++group;  // sequences that end here
  while (group < end) {
    const int32_t token = sequences_[order_[group]][depth];
    std::size_t next = group;
    while (next < end && sequences_[order_[next]][depth] == token) ++next;
    split(group, next, depth, run_start);
    group = next;
  }
}

void PrefixTree::add_run(std::size_t begin, std::size_t end, std::size_t first, std::size_t last) {
  for (std::size_t i = begin; i < end; ++i) {
    paths_[order_[i]].runs.push_back(runs_.size());
    paths_[order_[i]].tokens = last;
  }
  runs_.push_back({sequences_[order_[begin]].subspan(first, last - first), static_cast<int64_t>(end - begin)});
}

}  // namespace dormouse::text
