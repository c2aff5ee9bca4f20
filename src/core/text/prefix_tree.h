// Which token sequences share which beginnings, so that the work of a shared beginning is done once: keys and values in
// sampling, forward and backward pass in training.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace dormouse::text {

class PrefixTree {
 public:
  /// Tokens that two or more sequences share, after the runs before it.
  struct Run {
    std::span<const int32_t> tokens;
    int64_t sequences;
  };
  /// The runs that a sequence begins with, in order, and their total length: always less than the sequence's.
  struct Path {
    std::vector<std::size_t> runs;
    std::size_t tokens = 0;
  };

  /// Runs shorter than `shortest` are not worth an entry of their own. The tokens must outlive the tree; no sequence is
  /// empty.
  PrefixTree(std::vector<std::span<const int32_t>> sequences, std::size_t shortest = 16);

  const std::vector<Run>& runs() const { return runs_; }
  const Path& path(std::size_t sequence) const { return paths_[sequence]; }

 private:
  void split(std::size_t begin, std::size_t end, std::size_t depth, std::size_t run_start);
  void add_run(std::size_t begin, std::size_t end, std::size_t first, std::size_t last);

  std::vector<std::span<const int32_t>> sequences_;
  std::vector<std::size_t> order_;  // sequences in lexicographic order
  std::size_t shortest_;
  std::vector<Run> runs_;
  std::vector<Path> paths_;
};

}  // namespace dormouse::text
