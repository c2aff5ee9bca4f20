#include "lab/report/makers.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace dormouse::lab {

std::vector<std::string> makers(const RunRecord& record) {
  std::map<std::string, int64_t> counts;
  for (const NodeInfo& node : record.nodes) {
    const StageMaker& maker = node.maker;
    const std::string processor = maker.cpu.empty() ? "an unknown processor" : maker.cpu;
    const std::string machine = maker.gpu.empty() ? processor : processor + ", " + maker.gpu;
    const std::string commit = maker.revision.empty() ? "" : ", by commit " + maker.revision;
    const std::string threads =
        maker.threads > 0 ? fmt::format(", {} thread{}", maker.threads, maker.threads == 1 ? "" : "s") : "";
    ++counts[fmt::format("on {}{}{}", machine, threads, commit)];
  }
  std::vector<std::pair<std::string, int64_t>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  std::vector<std::string> lines;
  for (const auto& [where, count] : sorted)
    lines.push_back(fmt::format("{} stage{} {}", count, count == 1 ? "" : "s", where));
  return lines;
}

}  // namespace dormouse::lab
