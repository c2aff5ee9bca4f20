// A node's options are the canonical JSON of one or several option structs; here a struct is filled again from it.
#pragma once

#include "core/base/error.h"
#include "core/config/fields.h"
#include "lab/recipe/graph.h"

namespace dormouse::lab {

template <class Options>
Options options_of(const Node& node) {
  Options options;
  for (const auto& field : options.fields()) {
    const auto found = node.options.find(field.name);
    DORMOUSE_ASSERT(found != node.options.end());
    std::visit([&](auto* value) { found->get_to(*value); }, field.value);
  }
  return options;
}

/// The members of all structs in one object.
template <class... Options>
Json merged_options(Options... options) {
  Json all = Json::object();
  (all.update(fields_to_json(options.fields())), ...);
  return all;
}

}  // namespace dormouse::lab
