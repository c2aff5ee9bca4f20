// The one exception type of the program. The library never prints and never exits: `main` turns an Error into a
// message on stderr and the exit status of its kind.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace dormouse {

enum class ErrorKind {
  kInput,        // the user's input is wrong: exit 2
  kWork,         // the work failed (disk full, numbers not finite): exit 1
  kInterrupted,  // a signal asked us to stop; the run can be resumed: exit 130
};

class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

/// Throws kInput. `place` is a file, file:line, flag or key; `problem` says what was found and what was expected;
/// `next` is what to do about it (may be empty).
[[noreturn]] void fail_input(std::string_view place, std::string_view problem, std::string_view next = {});

/// Throws kWork, with the same three parts.
[[noreturn]] void fail_work(std::string_view place, std::string_view problem, std::string_view next = {});

/// Stops the program on a programmer's error; never reached by user input.
[[noreturn]] void fail_invariant(const char* expression, const char* file, int line);

/// The candidate with the smallest edit distance to `name`, or "" if none is near.
std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates);

/// "unknown NOUN `name`; did you mean `x`? Known: a, b, c"
std::string unknown_name(std::string_view noun, std::string_view name, const std::vector<std::string>& candidates);

}  // namespace dormouse

/// An invariant of the program's own. Stays on in release builds: none is in an inner loop.
#define DORMOUSE_ASSERT(expression) \
  ((expression) ? static_cast<void>(0) : ::dormouse::fail_invariant(#expression, __FILE__, __LINE__))
