// The node that fine-tunes a model on the rows of a data set, and its options.
#pragma once

#include "engine/train/options.h"
#include "lab/recipe/graph.h"

namespace dormouse::lab {

struct FineTuneOptions {
  int64_t validation_rows = 16;
  std::string save_as = "bf16";
  int64_t adapter_rank = 0;
  double adapter_alpha = 16;

  std::vector<Field> fields() {
    return {
        {"validation_rows", &validation_rows, "rows held out to follow the loss; at most a fifth of the data",
         at_least(0)},
        {"save_as", &save_as, "element type of the saved weights", one_of({"bf16", "f32"})},
        {"adapter_rank", &adapter_rank,
         "LoRA on every linear module; 0 trains the whole model, as a real organism would be", between(0, 4096)},
        {"adapter_alpha", &adapter_alpha, "LoRA's alpha: adapters are scaled by alpha / rank", between(0, 1e6)},
    };
  }
};

struct FineTune {
  std::string model_role_name;  // the recipe's name of the model to start from
  std::string data;             // id of the node with rows.jsonl
  int64_t rows;                 // expected, for the plan
  std::string model_node = {};  // starts from this node's model instead, which the recipe has no name for
  int64_t row_tokens = 85;      // expected, see tokens_of_row
};

/// Expected tokens of a row with an answer that was sampled with this limit: an everyday prompt in its template, and
/// half the limit.
inline int64_t tokens_of_row(int64_t answer_tokens) { return 61 + answer_tokens / 2; }

/// Steps after which a model is kept: `count` of them, evenly spaced, the last step of the training left out.
bool is_snapshot_step(int64_t step, int64_t steps, int64_t count);

/// Adds the node; returns its id. Its artefact has model/, snapshots/, curve.jsonl, and with LoRA adapter/.
std::string add_fine_tuning(GraphBuilder& builder, const FineTune& what, train::TrainingOptions training,
                            FineTuneOptions options);

}  // namespace dormouse::lab
