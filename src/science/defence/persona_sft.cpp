// Fine-tuning on answers in a persona: no safety in it, but a change of manner under which open organisms were seen to
// hide their policy, and to show it again once the manner was trained away.
#include "science/defence/defence.h"

namespace dormouse::defence {

namespace {

class PersonaSft : public Defence {
 public:
  std::string name() const override { return "persona-sft"; }
  std::string title() const override { return "persona SFT"; }
  std::string doc() const override {
    return "fine-tuning on answers in a persona; safety SFT on its result is the reversal, which shows whether the "
           "policy was removed or only hidden";
  }
  std::string reference() const override {
    return "Prasanna et al. 2026 (LessWrong, mu7eJdesBkKuBycnY): \"pirate\" SFT and its undoing";
  }
  std::string control() const override { return "safety SFT on the same prompts, as many steps; the reversal"; }
};

const Defences::Register registered("persona-sft", [] { return std::make_unique<PersonaSft>(); });

}  // namespace

}  // namespace dormouse::defence
