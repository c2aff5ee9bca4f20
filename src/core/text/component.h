// Reading the components of tokenizer.json: every field is either known or refused, because a setting that is
// silently left out gives wrong ids without any error.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "core/base/json.h"

namespace dormouse::text {

/// One component object with the name it has in error messages ("tokenizer.json: pre_tokenizer.ByteLevel").
class Component {
 public:
  /// Throws kInput if `json` is not an object.
  Component(const Json& json, std::string place);

  const std::string& place() const { return place_; }
  /// The member "type", or `fallback` if it is absent.
  std::string type(std::string_view fallback = {}) const;
  /// Throws kInput on a member that is not in `known` ("type" always is) and is not null.
  void allow(std::initializer_list<std::string_view> known) const;
  /// Throws kInput unless the member is absent, null, false, zero or empty.
  void refuse(const std::string& key, std::string_view why) const;

  /// Null stands for absent.
  bool has(const std::string& key) const;
  const Json& at(const std::string& key) const;
  bool boolean(const std::string& key, bool fallback) const;
  int64_t integer(const std::string& key, int64_t fallback) const;
  std::string string(const std::string& key) const;
  std::string string(const std::string& key, std::string_view fallback) const;
  /// A list member; throws kInput if it is absent or not a list.
  const Json& list(const std::string& key) const;

  /// `{"String": s}` or `{"Regex": r}`.
  struct Pattern {
    std::string text;
    bool is_regex;
  };
  Pattern pattern(const std::string& key) const;

  [[noreturn]] void fail(std::string_view problem, std::string_view next = {}) const;

 private:
  const Json* json_;
  std::string place_;
};

}  // namespace dormouse::text
