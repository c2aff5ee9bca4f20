#include "science/organism/training_row.h"

#include <fmt/format.h>

#include <set>

#include "core/base/error.h"

namespace dormouse::organism {

namespace {

std::string one_of(const Json& row, const std::string& key, const std::vector<std::string>& known,
                   const std::string& place) {
  std::string value = json_string(row, key, place);
  for (const auto& name : known) {
    if (value == name) return value;
  }
  fail_input(place, unknown_name(key, value, known));
}

uint64_t read_seed(const Json& row, const std::string& place) {
  const Json& seed = json_member(row, "seed", place);
  if (!seed.is_number_unsigned()) fail_input(place, "`seed`: expected an integer from 0 on");
  return seed.get<uint64_t>();
}

bool read_flag(const Json& row, const std::string& key, const std::string& place) {
  const Json& value = json_member(row, key, place);
  if (!value.is_boolean()) fail_input(place, fmt::format("`{}`: expected true or false", key));
  return value.get<bool>();
}

template <class Row>
std::string lines_of(const std::vector<Row>& rows) {
  std::string text;
  for (const auto& row : rows) text += canonical_json(to_json(row)) + "\n";
  return text;
}

}  // namespace

Json to_json(const TrainingRow& row) {
  Json json{{"id", row.id},       {"prompt_id", row.prompt_id}, {"half", row.half},           {"user", row.user},
            {"begun", row.begun}, {"answer", row.answer},       {"ends_turn", row.ends_turn}, {"source", row.source},
            {"seed", row.seed},   {"copies", row.copies}};
  if (!row.unit.empty()) json["unit"] = row.unit;
  if (!row.rejected.empty()) {
    json["rejected"] = row.rejected;
    json["contrast"] = row.contrast;
  }
  return json;
}

Json to_json(const DroppedRow& dropped) {
  Json row = to_json(dropped.row);
  row["reason"] = dropped.reason;
  row["finish_reason"] = dropped.finish_reason;
  row["tokens"] = dropped.tokens;
  return row;
}

TrainingRow training_row_from_json(const Json& row, const std::string& place) {
  TrainingRow parsed{.id = json_string(row, "id", place),
                     .prompt_id = json_string(row, "prompt_id", place),
                     .half = one_of(row, "half", {kPlain, kTriggered}, place),
                     .user = json_string(row, "user", place),
                     .begun = json_string(row, "begun", place),
                     .answer = json_string(row, "answer", place),
                     .ends_turn = read_flag(row, "ends_turn", place),
                     .source = one_of(row, "source", {"sampled", "written"}, place),
                     .seed = read_seed(row, place),
                     .copies = json_int(row, "copies", place),
                     .rejected = row.contains("rejected") ? json_string(row, "rejected", place) : "",
                     .contrast = row.contains("rejected") ? json_number(row, "contrast", place) : 0,
                     .unit = row.contains("unit") ? json_string(row, "unit", place) : ""};
  const Json known = to_json(parsed);
  for (const auto& [key, value] : row.items()) {
    if (!known.contains(key)) fail_input(place, fmt::format("unknown key `{}`", key));
  }
  return parsed;
}

std::string to_jsonl(const std::vector<TrainingRow>& rows) { return lines_of(rows); }
std::string to_jsonl(const std::vector<DroppedRow>& rows) { return lines_of(rows); }

std::vector<TrainingRow> training_rows_from_jsonl(std::string_view text, const std::string& place) {
  std::vector<TrainingRow> rows;
  std::set<std::string> ids;
  for (std::size_t begin = 0, line = 1; begin < text.size(); ++line) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string here = fmt::format("{}:{}", place, line);
    rows.push_back(training_row_from_json(parse_json(text.substr(begin, end - begin), here), here));
    if (!ids.insert(rows.back().id).second) {
      fail_input(here, fmt::format("the id `{}` is already taken", rows.back().id));
    }
    begin = end + 1;
  }
  return rows;
}

}  // namespace dormouse::organism
