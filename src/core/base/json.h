// JSON through nlohmann, with errors in the program's own form and duplicate keys refused.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace dormouse {

using Json = nlohmann::json;                 // keys sorted: for hashing and canonical files
using OrderedJson = nlohmann::ordered_json;  // keys in order of writing: for people

/// Parses one document. Throws kInput naming `place` and the byte on bad syntax, a duplicate key, invalid UTF-8 or
/// nesting deeper than 64.
Json parse_json(std::string_view text, std::string_view place);

/// Canonical bytes: sorted keys, no spaces; the same value always gives the same text. Invalid UTF-8 in strings is
/// written as U+FFFD.
std::string canonical_json(const Json& value);

/// A required member. Throws kInput "PLACE: missing key `key`" or "... expected TYPE".
const Json& json_member(const Json& object, const std::string& key, std::string_view place);
std::string json_string(const Json& object, const std::string& key, std::string_view place);
int64_t json_int(const Json& object, const std::string& key, std::string_view place);
double json_number(const Json& object, const std::string& key, std::string_view place);

}  // namespace dormouse
