#include "lab/execute/model_shapes.h"

#include "engine/weights/model_folder.h"

namespace dormouse::lab {

const weights::ModelConfig* ModelShapes::of(const Node& node, const std::string& role) {
  if (const auto input = node.inputs.find(role); input != node.inputs.end()) return of(graph_.node(input->second));
  const auto file = node.files.find(role);
  if (file == node.files.end()) return nullptr;
  if (file->second.absent) return &file->second.absent->shape;
  const auto [found, fresh] = known_.try_emplace(file->second.path);
  if (fresh) found->second = weights::ModelFiles::open(file->second.path.string()).config();
  return &found->second;
}

}  // namespace dormouse::lab
