// The shape of the model that each node of a graph works on, before anything is loaded.
#pragma once

#include <map>

#include "lab/recipe/graph.h"

namespace dormouse::lab {

/// Shapes by files: a model that a recipe trains has the shape of the one it starts from. The graph must outlive this.
class ModelShapes {
 public:
  explicit ModelShapes(const Graph& graph) : graph_(graph) {}

  /// nullptr for a node without a model in that role. Throws kInput if the file is no model.
  const weights::ModelConfig* of(const Node& node, const std::string& role = "model");

 private:
  const Graph& graph_;
  std::map<fs::path, weights::ModelConfig> known_;
};

}  // namespace dormouse::lab
