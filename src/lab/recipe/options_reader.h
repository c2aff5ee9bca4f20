// Fills an options struct from a YAML map, and writes it out again.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/config/fields.h"
#include "lab/recipe/yaml.h"

namespace dormouse::lab {

using FieldsOf = std::function<std::vector<Field>()>;

/// Returns key -> place for the keys that were written. `map` may be nothing (all defaults). `fields` is
/// asked again after each value, since a value may bring further fields; a field that brings others stands
/// before them. Throws kInput at the key's line for an unknown key, a wrong type or a value out of range, at
/// the map's line for a missing key.
std::map<std::string, std::string> read_fields(const FieldsOf& fields, const YamlNode& map, const std::string& owner);

/// "key: value" lines behind `indent`; "{}" counts as no line: an empty list of fields gives "".
std::string write_fields(const std::vector<Field>& fields, const std::string& indent);

/// One value through a field, for keys that stand alone.
void read_field(const Field& field, const YamlNode& node);

}  // namespace dormouse::lab
