// A defence is a training procedure meant to remove bad behaviour. A new defence is one file with a static
// Defences::Register object.
#pragma once

#include <span>
#include <string>

#include "core/base/registry.h"
#include "science/organism/dataset.h"

namespace dormouse::defence {

class Defence {
 public:
  static constexpr const char* kNoun = "defence";

  virtual ~Defence() = default;
  virtual std::string name() const = 0;
  virtual std::string title() const = 0;  // in a sentence: "safety SFT"
  virtual std::string doc() const = 0;
  virtual std::string reference() const = 0;  // paper, section
  virtual std::string control() const = 0;

  /// True for a control: no defender knows the trigger.
  virtual bool knows_trigger() const { return false; }

  /// The rows to train on, made of plain answers to the defence's prompts. Throws kInput if one has the trigger in it;
  /// that no row comes out with it, or every one of a control, is asserted.
  organism::Dataset data(std::span<const organism::Answer> answers, const organism::Trigger& trigger,
                         const organism::Behaviour& behaviour) const;

 private:
  /// The filtered answers, unless a defence makes something else of them.
  virtual organism::Dataset build(std::span<const organism::Answer> answers, const organism::Trigger& trigger,
                                  const organism::Behaviour& behaviour) const;
};

using Defences = Registry<Defence>;

}  // namespace dormouse::defence
