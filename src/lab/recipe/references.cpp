#include "lab/recipe/references.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/base/error.h"

namespace dormouse::lab {

namespace {

std::vector<std::string> values_of(const Field& field) {
  if (auto* const* text = std::get_if<std::string*>(&field.value)) return {**text};
  auto* const* list = std::get_if<std::vector<std::string>*>(&field.value);
  DORMOUSE_ASSERT(list != nullptr && "a reference is text or a list of text");
  return **list;
}

void check_entry(StageEntry& entry, const std::vector<std::string>& known) {
  const auto keys = entry.options->references();
  for (const Field& field : entry.options->fields()) {
    if (std::find(keys.begin(), keys.end(), field.name) == keys.end()) continue;
    for (const std::string& name : values_of(field)) {
      if (name.empty()) continue;
      if (std::find(known.begin(), known.end(), name) == known.end()) {
        fail_input(entry.place_of(field.name),
                   fmt::format("`{}`: {}", field.name, unknown_name("model or stage", name, known)));
      }
      auto& seen = entry.references;
      if (std::find(seen.begin(), seen.end(), name) == seen.end()) seen.push_back(name);
    }
  }
}

// Depth first; `trail` holds the stages being visited, so that a cycle can be named.
class Sorter {
 public:
  explicit Sorter(std::vector<StageEntry>& stages) : stages_(stages), state_(stages.size(), State::kNew) {}

  std::vector<std::size_t> order() {
    for (std::size_t i = 0; i < stages_.size(); ++i) visit(i);
    return order_;
  }

 private:
  enum class State { kNew, kOpen, kDone };

  void visit(std::size_t index) {
    if (state_[index] == State::kDone) return;
    trail_.push_back(index);
    if (state_[index] == State::kOpen) fail_cycle();
    state_[index] = State::kOpen;
    for (const std::string& name : stages_[index].references) {
      const auto found =
          std::find_if(stages_.begin(), stages_.end(), [&](const auto& entry) { return entry.name == name; });
      if (found != stages_.end()) visit(static_cast<std::size_t>(found - stages_.begin()));
    }
    state_[index] = State::kDone;
    trail_.pop_back();
    order_.push_back(index);
  }

  [[noreturn]] void fail_cycle() const {
    const auto first = std::find(trail_.begin(), trail_.end(), trail_.back());
    std::vector<std::string> names;
    for (auto i = first; i != trail_.end(); ++i) names.push_back(stages_[*i].name);
    fail_input(stages_[trail_.back()].place,
               fmt::format("the stages need each other in a cycle: {}", fmt::join(names, " -> ")),
               "let one of them start from a model");
  }

  std::vector<StageEntry>& stages_;
  std::vector<State> state_;
  std::vector<std::size_t> trail_, order_;
};

}  // namespace

void check_references(Recipe& recipe) {
  std::vector<std::string> known;
  for (const ModelEntry& model : recipe.models) known.push_back(model.name);
  for (const StageEntry& stage : recipe.stages) known.push_back(stage.name);
  for (StageEntry& entry : recipe.stages) check_entry(entry, known);
  for (StageEntry& entry : recipe.measures) check_entry(entry, known);
}

void sort_stages(Recipe& recipe) {
  std::vector<StageEntry> sorted;
  for (const std::size_t index : Sorter(recipe.stages).order()) sorted.push_back(std::move(recipe.stages[index]));
  recipe.stages = std::move(sorted);
}

}  // namespace dormouse::lab
