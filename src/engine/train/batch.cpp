#include "engine/train/batch.h"

namespace dormouse::train {

namespace {

nn::Tensor to_tensor(const std::vector<int64_t>& values) { return at::tensor(values, at::kLong); }

}  // namespace

Batch make_batch(std::span<const text::RenderedRow* const> rows) {
  std::vector<int64_t> ids, positions, sources, targets;
  Batch batch;
  for (const text::RenderedRow* row : rows) {
    const auto begin = static_cast<int64_t>(ids.size());
    const auto length = static_cast<int64_t>(row->ids.size());
    batch.documents.push_back({begin, length});
    const std::size_t before = targets.size();
    for (int64_t i = 0; i < length; ++i) {
      ids.push_back(row->ids[static_cast<std::size_t>(i)]);
      positions.push_back(i);
      // Position i - 1 predicts token i; the first token has nothing before it.
      if (i > 0 && row->is_target[static_cast<std::size_t>(i)] != 0) {
        sources.push_back(begin + i - 1);
        targets.push_back(ids.back());
      }
    }
    batch.targets_of_row.push_back(static_cast<int64_t>(targets.size() - before));
  }
  batch.ids = to_tensor(ids);
  batch.positions = to_tensor(positions);
  batch.sources = to_tensor(sources);
  batch.targets = to_tensor(targets);
  return batch;
}

std::vector<std::vector<const text::RenderedRow*>> split_passes(std::span<const text::RenderedRow* const> rows,
                                                               int64_t tokens) {
  std::vector<std::vector<const text::RenderedRow*>> passes;
  int64_t used = 0;
  for (const text::RenderedRow* row : rows) {
    const auto length = static_cast<int64_t>(row->ids.size());
    if (passes.empty() || used + length > tokens) {
      passes.emplace_back();
      used = 0;
    }
    passes.back().push_back(row);
    used += length;
  }
  return passes;
}

}  // namespace dormouse::train
