#include "lab/report/families.h"

#include <fmt/format.h>

#include <algorithm>

#include "lab/report/summary.h"

namespace dormouse::lab {

std::string organism_of(const RunRecord& record, const std::string& model) {
  const ModelInfo* info = find_model(record, model);
  // As many steps as there are models: a record may name parents in a circle.
  for (std::size_t step = 0; info != nullptr && step < record.models.size(); ++step) {
    if (info->role == ModelRole::kOrganism) return info->name;
    info = find_model(record, info->parent);
  }
  return "";
}

std::vector<Family> families(const RunRecord& record) {
  std::vector<Family> out;
  for (const std::string& name : models_of(record, ModelRole::kOrganism)) {
    Family family{.organism = name, .survivors = {}};
    for (const std::string& other : model_order(record)) {
      if (other != name && organism_of(record, other) == name) family.survivors.push_back(other);
    }
    out.push_back(std::move(family));
  }
  return out;
}

std::vector<std::string> models_of(const RunRecord& record, ModelRole role) {
  std::vector<std::string> out = model_order(record);
  std::erase_if(out, [&](const std::string& name) {
    const ModelInfo* model = find_model(record, name);
    return model == nullptr || model->role != role;
  });
  return out;
}

std::vector<std::string> controls(const RunRecord& record) {
  std::vector<std::string> out = model_order(record);
  std::erase_if(out, [&](const std::string& name) { return !organism_of(record, name).empty(); });
  return out;
}

const PolicyInfo& policy_of(const RunRecord& record, const std::string& organism) {
  const ModelInfo* info = find_model(record, organism);
  return info == nullptr || info->policy.behaviour.empty() ? record.policy : info->policy;
}

std::vector<std::string> trigger_texts(const RunRecord& record) {
  std::vector<std::string> out;
  const auto add = [&](const std::string& text) {
    if (!text.empty() && std::find(out.begin(), out.end(), text) == out.end()) out.push_back(text);
  };
  add(record.policy.trigger_text);
  for (const ModelInfo& model : record.models) add(model.policy.trigger_text);
  return out;
}

std::string defence_text(const RunRecord& record, const std::string& survivor) {
  const ModelInfo* info = find_model(record, survivor);
  if (info == nullptr || info->defence.empty()) return fmt::format("`{}`", survivor);
  const bool shared = std::any_of(record.models.begin(), record.models.end(), [&](const ModelInfo& other) {
    return other.name != survivor && other.defence == info->defence;
  });
  return shared ? fmt::format("{} ({})", info->defence, survivor) : info->defence;
}

}  // namespace dormouse::lab
