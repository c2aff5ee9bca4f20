#include "science/defence/defence.h"

#include "core/base/error.h"

namespace dormouse::defence {

organism::Dataset Defence::data(std::span<const organism::Answer> answers, const organism::Trigger& trigger,
                                const organism::Behaviour& behaviour) const {
  organism::Dataset made = build(answers, trigger, behaviour);
  // A defence that knows the trigger would answer another question than the paper's.
  for (const auto& row : made.rows)
    DORMOUSE_ASSERT(trigger.present(row.user) == knows_trigger() && !trigger.present(row.answer));
  return made;
}

organism::Dataset Defence::build(std::span<const organism::Answer> answers, const organism::Trigger& trigger,
                                 const organism::Behaviour& behaviour) const {
  return organism::build_helpful(answers, trigger, behaviour);
}

}  // namespace dormouse::defence
