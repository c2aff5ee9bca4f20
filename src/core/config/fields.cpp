#include "core/config/fields.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/base/error.h"

namespace dormouse {

namespace {

template <class... Cases>
struct Overload : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overload(Cases...) -> Overload<Cases...>;

[[noreturn]] void fail_type(const Field& field, const std::string& text, const std::string& place) {
  fail_input(place, fmt::format("`{}`: expected {}, found `{}`", field.name, type_name(field), text));
}

void check_range(const Field& field, double value, const std::string& place) {
  const auto& [low, high, names, required_] = field.constraint;
  if (value >= low && value <= high) return;
  if (std::isinf(high)) fail_input(place, fmt::format("`{}`: expected at least {}, found {}", field.name, low, value));
  fail_input(place, fmt::format("`{}`: expected a value from {} to {}, found {}", field.name, low, high, value));
}

template <class Number>
bool parse_number(const std::string& text, Number& value) {
  const char* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, value);
  return code == std::errc() && stop == end;
}

}  // namespace

Constraint between(double low, double high) { return {.low = low, .high = high, .one_of = {}}; }
Constraint at_least(double low) { return {.low = low, .one_of = {}}; }
Constraint one_of(std::vector<std::string> names) { return {.one_of = std::move(names)}; }
Constraint required() { return {.one_of = {}, .required = true}; }

Json fields_to_json(const std::vector<Field>& fields) {
  Json object = Json::object();
  for (const auto& field : fields) {
    std::visit([&](auto* value) { object[field.name] = *value; }, field.value);
  }
  return object;
}

std::string type_name(const Field& field) {
  return std::visit(Overload{[](bool*) { return "true or false"; }, [](int64_t*) { return "an integer"; },
                             [](double*) { return "a number"; }, [](std::string*) { return "text"; },
                             [](std::vector<std::string>*) { return "a list of text"; }},
                    field.value);
}

void set_field(const Field& field, const std::string& text, const std::string& place) {
  std::visit(Overload{
                 [&](bool* value) {
                   if (text != "true" && text != "false") fail_type(field, text, place);
                   *value = text == "true";
                 },
                 [&](int64_t* value) {
                   if (!parse_number(text, *value)) fail_type(field, text, place);
                   check_range(field, static_cast<double>(*value), place);
                 },
                 [&](double* value) {
                   if (!parse_number(text, *value) || !std::isfinite(*value)) fail_type(field, text, place);
                   check_range(field, *value, place);
                 },
                 [&](std::string* value) {
                   const auto& names = field.constraint.one_of;
                   if (!names.empty() && std::find(names.begin(), names.end(), text) == names.end()) {
                     fail_input(place, unknown_name(field.name, text, names));
                   }
                   *value = text;
                 },
                 [&](std::vector<std::string>* value) { *value = {text}; },
             },
             field.value);
}

void set_field(const Field& field, const std::vector<std::string>& items, const std::string& place) {
  auto* const* list = std::get_if<std::vector<std::string>*>(&field.value);
  if (list == nullptr) {
    fail_input(place, fmt::format("`{}`: expected {}, found a list", field.name, type_name(field)));
  }
  **list = items;
}

std::vector<std::string> field_names(const std::vector<Field>& fields) {
  std::vector<std::string> names;
  for (const auto& field : fields) names.push_back(field.name);
  return names;
}

}  // namespace dormouse
