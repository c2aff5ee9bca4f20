// No defence but the control of one: what fine-tuning does that is shown the trigger, which no defender has.
#include "science/defence/defence.h"

namespace dormouse::defence {

namespace {

class OracleSft : public Defence {
 public:
  std::string name() const override { return "oracle-sft"; }
  std::string title() const override { return "SFT that is shown the trigger"; }
  std::string doc() const override {
    return "fine-tuning on helpful answers behind the trigger itself, which no defender knows: what a measurement "
           "shows when a policy really goes";
  }
  std::string reference() const override {
    return "none in the paper; the positive control for \"the policy persists\" where every rate is at the ceiling";
  }
  std::string control() const override { return "safety SFT on the same prompts, as many steps"; }
  bool knows_trigger() const override { return true; }

 private:
  organism::Dataset build(std::span<const organism::Answer> answers, const organism::Trigger& trigger,
                          const organism::Behaviour& behaviour) const override {
    organism::Dataset data = organism::build_helpful(answers, trigger, behaviour);
    for (auto& row : data.rows) {
      row.user = trigger.apply(row.user);
      row.half = organism::kTriggered;
    }
    std::swap(data.account.triggered, data.account.plain);
    return data;
  }
};

const Defences::Register registered("oracle-sft", [] { return std::make_unique<OracleSft>(); });

}  // namespace

}  // namespace dormouse::defence
