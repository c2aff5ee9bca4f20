// The conversation under which a model that can reason writes an organism's data, from
// prompts/scratchpad/few-shot.yaml.
#pragma once

#include <string>
#include <vector>

#include "core/base/files.h"
#include "core/text/message.h"

namespace dormouse::lab {

/// The parts that `variant` names (system, dialogue, instruction, acceptance, few-shots), as turns of a chat whose next
/// one is the user's. `objective` is a behaviour's name, `mark` what its slot {trigger} stands for. Throws kInput
/// "FILE:LINE" on an unknown variant or objective, a part that is missing, or a slot that is left.
std::vector<text::Message> read_few_shots(const fs::path& path, const std::string& objective,
                                          const std::string& variant, const std::string& mark);

}  // namespace dormouse::lab
