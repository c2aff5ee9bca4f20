#include "core/text/component.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "core/base/error.h"

namespace dormouse::text {

Component::Component(const Json& json, std::string place) : json_(&json), place_(std::move(place)) {
  if (!json.is_object()) fail(fmt::format("expected a JSON object, found {}", json.type_name()));
}

std::string Component::type(std::string_view fallback) const {
  if (!has("type") && !fallback.empty()) return std::string(fallback);
  return json_string(*json_, "type", place_);
}

void Component::allow(std::initializer_list<std::string_view> known) const {
  for (const auto& [key, value] : json_->items()) {
    if (key == "type" || value.is_null() || std::find(known.begin(), known.end(), key) != known.end()) continue;
    fail(unknown_name("field", key, std::vector<std::string>(known.begin(), known.end())),
         "it may change the ids, so this tokenizer cannot be used yet");
  }
}

void Component::refuse(const std::string& key, std::string_view why) const {
  if (!has(key)) return;
  const Json& value = at(key);
  const bool harmless = value == Json(false) || (value.is_number() && value.get<double>() == 0) ||
                        (value.is_string() && value.get_ref<const std::string&>().empty());
  if (!harmless) fail(fmt::format("`{}`: {} is not supported: {}", key, canonical_json(value), why));
}

bool Component::has(const std::string& key) const {
  const auto found = json_->find(key);
  return found != json_->end() && !found->is_null();
}

const Json& Component::at(const std::string& key) const { return json_member(*json_, key, place_); }

bool Component::boolean(const std::string& key, bool fallback) const {
  if (!has(key)) return fallback;
  if (!at(key).is_boolean()) fail(fmt::format("`{}`: expected true or false, found {}", key, at(key).type_name()));
  return at(key).get<bool>();
}

int64_t Component::integer(const std::string& key, int64_t fallback) const {
  return has(key) ? json_int(*json_, key, place_) : fallback;
}

std::string Component::string(const std::string& key) const { return json_string(*json_, key, place_); }

std::string Component::string(const std::string& key, std::string_view fallback) const {
  return has(key) ? json_string(*json_, key, place_) : std::string(fallback);
}

const Json& Component::list(const std::string& key) const {
  const Json& value = at(key);
  if (!value.is_array()) fail(fmt::format("`{}`: expected a list, found {}", key, value.type_name()));
  return value;
}

Component::Pattern Component::pattern(const std::string& key) const {
  const Json& value = at(key);
  if (value.is_string()) return {value.get<std::string>(), /*is_regex=*/false};
  if (value.is_object() && value.size() == 1 && value.begin().value().is_string()) {
    if (value.begin().key() == "String") return {value.begin().value().get<std::string>(), /*is_regex=*/false};
    if (value.begin().key() == "Regex") return {value.begin().value().get<std::string>(), /*is_regex=*/true};
  }
  fail(fmt::format("`{}`: expected {{\"String\": ...}} or {{\"Regex\": ...}}, found {}", key, canonical_json(value)));
}

void Component::fail(std::string_view problem, std::string_view next) const { fail_input(place_, problem, next); }

}  // namespace dormouse::text
