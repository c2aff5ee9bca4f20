#include "core/base/json.h"

#include <fmt/format.h>

#include <set>
#include <vector>

#include "core/base/error.h"

namespace dormouse {

namespace {

constexpr int kMaxDepth = 64;

// nlohmann's parser keeps the last of two equal keys and recurses without a bound; this callback refuses both.
class Guard {
 public:
  explicit Guard(std::string_view place) : place_(place) {}

  bool operator()(int depth, Json::parse_event_t event, Json& value) {
    if (depth > kMaxDepth) fail_input(place_, fmt::format("JSON nested deeper than {}", kMaxDepth));
    if (event == Json::parse_event_t::object_start) keys_.emplace_back();
    if (event == Json::parse_event_t::object_end) keys_.pop_back();
    if (event == Json::parse_event_t::key && !keys_.back().insert(value.get<std::string>()).second) {
      fail_input(place_, fmt::format("duplicate JSON key `{}`", value.get<std::string>()));
    }
    return true;
  }

 private:
  std::string_view place_;
  std::vector<std::set<std::string>> keys_;
};

const char* type_name(const Json& value) { return value.type_name(); }

}  // namespace

Json parse_json(std::string_view text, std::string_view place) {
  try {
    Guard guard(place);
    return Json::parse(text.begin(), text.end(),
                       [&](int depth, Json::parse_event_t event, Json& value) { return guard(depth, event, value); });
  } catch (const Json::parse_error& error) {
    fail_input(place, fmt::format("not valid JSON at byte {}", error.byte));
  } catch (const Json::exception& error) {  // a number beyond the range of double
    fail_input(place, fmt::format("not usable JSON: {}", error.what()));
  }
}

std::string canonical_json(const Json& value) {
  return value.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

const Json& json_member(const Json& object, const std::string& key, std::string_view place) {
  if (!object.is_object()) fail_input(place, fmt::format("expected a JSON object, found {}", type_name(object)));
  const auto found = object.find(key);
  if (found == object.end()) fail_input(place, fmt::format("missing key `{}`", key));
  return *found;
}

std::string json_string(const Json& object, const std::string& key, std::string_view place) {
  const Json& value = json_member(object, key, place);
  if (!value.is_string()) fail_input(place, fmt::format("`{}`: expected a string, found {}", key, type_name(value)));
  return value.get<std::string>();
}

int64_t json_int(const Json& object, const std::string& key, std::string_view place) {
  const Json& value = json_member(object, key, place);
  if (!value.is_number_integer()) {
    fail_input(place, fmt::format("`{}`: expected an integer, found {}", key, type_name(value)));
  }
  return value.get<int64_t>();
}

double json_number(const Json& object, const std::string& key, std::string_view place) {
  const Json& value = json_member(object, key, place);
  if (!value.is_number()) fail_input(place, fmt::format("`{}`: expected a number, found {}", key, type_name(value)));
  return value.get<double>();
}

}  // namespace dormouse
