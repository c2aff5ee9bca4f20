#include "lab/recipe/kinds.h"

#include <map>
#include <utility>

#include "core/base/error.h"

namespace dormouse::lab {

namespace {

// Functions, not globals: registration happens before main, in no fixed order.
std::map<std::pair<Section, std::string>, std::unique_ptr<StageKind>>& stages() {
  static std::map<std::pair<Section, std::string>, std::unique_ptr<StageKind>> kinds;
  return kinds;
}

std::map<std::string, std::unique_ptr<NodeKind>>& nodes() {
  static std::map<std::string, std::unique_ptr<NodeKind>> kinds;
  return kinds;
}

}  // namespace

RegisterStage::RegisterStage(std::unique_ptr<StageKind> kind) {
  const auto key = std::make_pair(kind->section(), kind->name());
  DORMOUSE_ASSERT(stages().emplace(key, std::move(kind)).second && "stage kind registered twice");
}

RegisterNode::RegisterNode(std::unique_ptr<NodeKind> kind) {
  const std::string name = kind->name();
  DORMOUSE_ASSERT(nodes().emplace(name, std::move(kind)).second && "node kind registered twice");
}

const StageKind* find_stage_kind(Section section, const std::string& name) {
  const auto found = stages().find({section, name});
  return found == stages().end() ? nullptr : found->second.get();
}

const NodeKind* find_node_kind(const std::string& name) {
  const auto found = nodes().find(name);
  return found == nodes().end() ? nullptr : found->second.get();
}

std::vector<const StageKind*> stage_kinds(Section section) {
  std::vector<const StageKind*> kinds;
  for (const auto& [key, kind] : stages()) {
    if (key.first == section) kinds.push_back(kind.get());
  }
  return kinds;
}

std::vector<std::string> stage_kind_names(Section section) {
  std::vector<std::string> names;
  for (const StageKind* kind : stage_kinds(section)) names.push_back(kind->name());
  return names;
}

std::vector<std::string> node_kind_names() {
  std::vector<std::string> names;
  for (const auto& [name, kind] : nodes()) names.push_back(name);
  return names;
}

}  // namespace dormouse::lab
