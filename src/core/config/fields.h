// Options declared once. An options struct lists its fields in one place; from that list come the YAML reader (with
// line numbers), the command-line flags, the defaults, the canonical JSON that is hashed, and the generated reference.
//
//   struct SamplingOptions {
//     double temperature = 1.0;
//     std::vector<Field> fields() { return {{"temperature", &temperature, "0 is greedy", between(0, 100)}}; }
//   };
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <variant>
#include <vector>

#include "core/base/json.h"

namespace dormouse {

/// What a value must satisfy beyond its type.
struct Constraint {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  std::vector<std::string> one_of;  // allowed strings; empty: any
  bool required = false;            // no default: the user must write it
};

Constraint between(double low, double high);
Constraint at_least(double low);
Constraint one_of(std::vector<std::string> names);
Constraint required();

struct Field {
  using Pointer = std::variant<bool*, int64_t*, double*, std::string*, std::vector<std::string>*>;
  std::string name;  // the YAML key; the flag is --name with dashes for underscores
  Pointer value;     // points into the options struct
  std::string doc;
  Constraint constraint = {};
};

/// Current values, keys sorted: the canonical form.
Json fields_to_json(const std::vector<Field>& fields);

/// "number", "integer", "true or false", "text", "list of text".
std::string type_name(const Field& field);

/// Parses `text` into the field, checking type and constraint. Throws kInput naming `place`.
void set_field(const Field& field, const std::string& text, const std::string& place);
void set_field(const Field& field, const std::vector<std::string>& items, const std::string& place);

std::vector<std::string> field_names(const std::vector<Field>& fields);

/// Several field lists as one.
inline std::vector<Field> joined(std::initializer_list<std::vector<Field>> lists) {
  std::vector<Field> all;
  for (const auto& list : lists) all.insert(all.end(), list.begin(), list.end());
  return all;
}

}  // namespace dormouse
