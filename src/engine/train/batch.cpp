#include "engine/train/batch.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/text/prefix_tree.h"

namespace dormouse::train {

namespace {

// The tokens before the first target, all of the row if there is none.
std::span<const int32_t> prompt_of(const text::RenderedRow& row) {
  const auto first = std::find(row.is_target.begin() + 1, row.is_target.end(), 1);
  return {row.ids.data(), static_cast<std::size_t>(first - row.is_target.begin())};
}

class BatchBuilder {
 public:
  BatchBuilder(std::span<const text::RenderedRow* const> rows, const at::Device& device)
      : rows_(rows), device_(device), tree_(prompts()), document_of_run_(tree_.runs().size(), -1) {}

  Batch build() {
    for (std::size_t i = 0; i < rows_.size(); ++i) add_row(*rows_[i], tree_.path(i));
    batch_.ids = to_tensor(ids_);
    batch_.positions = to_tensor(positions_);
    batch_.sources = to_tensor(sources_);
    batch_.targets = to_tensor(targets_);
    return std::move(batch_);
  }

 private:
  nn::Tensor to_tensor(const std::vector<int64_t>& values) const { return at::tensor(values, at::kLong).to(device_); }

  std::vector<std::span<const int32_t>> prompts() const {
    std::vector<std::span<const int32_t>> all;
    for (const auto* row : rows_) all.push_back(prompt_of(*row));
    return all;
  }

  int64_t add_document(std::span<const int32_t> tokens, int64_t position, int64_t parent) {
    batch_.documents.push_back({static_cast<int64_t>(ids_.size()), static_cast<int64_t>(tokens.size()), parent});
    ids_.insert(ids_.end(), tokens.begin(), tokens.end());
    for (std::size_t i = 0; i < tokens.size(); ++i) positions_.push_back(position + static_cast<int64_t>(i));
    return static_cast<int64_t>(batch_.documents.size()) - 1;
  }

  void add_row(const text::RenderedRow& row, const text::PrefixTree::Path& path) {
    int64_t parent = -1, position = 0;
    for (const std::size_t run : path.runs) {
      const auto tokens = tree_.runs()[run].tokens;
      if (document_of_run_[run] < 0) document_of_run_[run] = add_document(tokens, position, parent);
      parent = document_of_run_[run];
      position += static_cast<int64_t>(tokens.size());
    }
    const auto first_own = static_cast<int64_t>(ids_.size());
    add_document(std::span(row.ids).subspan(path.tokens), position, parent);
    const std::size_t before = targets_.size();
    // Position i - 1 predicts token i; the first token has nothing before it.
    for (std::size_t i = path.tokens + 1; i < row.ids.size(); ++i) {
      if (row.is_target[i] == 0) continue;
      sources_.push_back(first_own + static_cast<int64_t>(i - 1 - path.tokens));
      targets_.push_back(row.ids[i]);
    }
    batch_.targets_of_row.push_back(static_cast<int64_t>(targets_.size() - before));
    batch_.last_of_row.push_back(static_cast<int64_t>(ids_.size()) - 1);
    batch_.row_tokens += static_cast<int64_t>(row.ids.size());
  }

  std::span<const text::RenderedRow* const> rows_;
  at::Device device_;
  text::PrefixTree tree_;
  std::vector<int64_t> document_of_run_;
  std::vector<int64_t> ids_, positions_, sources_, targets_;
  Batch batch_;
};

}  // namespace

Batch make_batch(std::span<const text::RenderedRow* const> rows, const at::Device& device) {
  return BatchBuilder(rows, device).build();
}

std::vector<std::vector<const text::RenderedRow*>> split_passes(std::span<const text::RenderedRow* const> rows,
                                                                int64_t tokens, std::size_t together) {
  DORMOUSE_ASSERT(rows.size() % together == 0);
  std::vector<std::vector<const text::RenderedRow*>> passes;
  int64_t used = 0;
  for (std::size_t first = 0; first < rows.size(); first += together) {
    const auto unit = rows.subspan(first, together);
    int64_t length = 0;
    for (const text::RenderedRow* row : unit) length += static_cast<int64_t>(row->ids.size());
    if (passes.empty() || used + length > tokens) {
      passes.emplace_back();
      used = 0;
    }
    passes.back().insert(passes.back().end(), unit.begin(), unit.end());
    used += length;
  }
  return passes;
}

}  // namespace dormouse::train
