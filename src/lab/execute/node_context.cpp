#include "lab/execute/node_context.h"

#include <fmt/format.h>

#include "core/base/error.h"

namespace dormouse::lab {

NodeContext::NodeContext(const Node& the_node, const Graph& graph, const Store& store, const fs::path& work,
                         int thread_count)
    : node(the_node), threads(thread_count), out(work / "out"), scratch(work / "scratch") {
  for (const auto& [role, id] : node.inputs) paths_[role] = store.object(graph.node(id).hash);
  for (const auto& [role, file] : node.files) paths_[role] = file.path;
}

fs::path NodeContext::input(const std::string& role) const {
  const auto found = paths_.find(role);
  DORMOUSE_ASSERT(found != paths_.end() && "no input in this role");
  return found->second;
}

bool NodeContext::has_input(const std::string& role) const { return paths_.contains(role); }

std::vector<fs::path> NodeContext::inputs(const std::string& prefix) const {
  std::vector<fs::path> list;
  for (std::size_t i = 0; has_input(fmt::format("{}.{}", prefix, i)); ++i) {
    list.push_back(input(fmt::format("{}.{}", prefix, i)));
  }
  return list;
}

}  // namespace dormouse::lab
