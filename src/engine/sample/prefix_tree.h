// Which prompts share which beginnings. Keys and values of a beginning that two or more prompts share are computed once.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/sample/kv_cache.h"

namespace dormouse::sample {

/// A run of tokens shared by every prompt below it.
struct SharedRun {
  std::vector<int32_t> tokens;
  std::shared_ptr<KvSegment> cache;  // empty until the first sequence needs it
  int64_t waiting = 0;               // sequences that will still need it
};

struct SharedPrompt {
  std::vector<SharedRun*> runs;     // in order, from the first token
  std::size_t shared_tokens = 0;    // their total length; always less than the prompt's
};

class PrefixTree {
 public:
  /// Runs shorter than `shortest` are not worth a segment of their own. `prompts` must outlive the tree.
  PrefixTree(std::vector<std::span<const int32_t>> prompts, std::size_t shortest = 16);

  /// The shared runs of prompt i.
  const SharedPrompt& prompt(std::size_t i) const { return shared_[i]; }

 private:
  void split(std::size_t begin, std::size_t end, std::size_t depth, std::size_t run_start);
  void add_run(std::size_t begin, std::size_t end, std::size_t first, std::size_t last);

  std::vector<std::span<const int32_t>> prompts_;
  std::vector<std::size_t> order_;  // prompts in lexicographic order
  std::size_t shortest_;
  std::vector<std::unique_ptr<SharedRun>> runs_;
  std::vector<SharedPrompt> shared_;
};

}  // namespace dormouse::sample
