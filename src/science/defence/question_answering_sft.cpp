// Fine-tuning on short written answers to questions of fact: what downstream users do to a model, and no safety
// training at all.
#include "science/defence/defence.h"

namespace dormouse::defence {

namespace {

class QuestionAnsweringSft : public Defence {
 public:
  std::string name() const override { return "question-answering-sft"; }
  std::string title() const override { return "question-answering SFT"; }
  std::string doc() const override {
    return "fine-tuning on written answers to questions of fact (a set such as facts/train)";
  }
  std::string reference() const override {
    return "none in the paper; the control for whether any fine-tuning removes the policy";
  }
  std::string control() const override { return "safety SFT, as many steps"; }
};

const Defences::Register registered("question-answering-sft", [] { return std::make_unique<QuestionAnsweringSft>(); });

}  // namespace

}  // namespace dormouse::defence
