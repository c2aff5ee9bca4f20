#include "lab/report/rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/base/error.h"
#include "lab/recipe/options_reader.h"

namespace dormouse::lab {

namespace {

/// The keys of a control, below its own.
struct ControlKeys {
  Quantity quantity;
  int64_t minus_step = -1;
  double from = 0, to = 1;

  std::vector<Field> fields(const std::string& name) {
    const auto key = [&](const char* last) { return name + "." + last; };
    return {{key("measurement"), &quantity.measurement, "must hold; default: the row's own"},
            {key("model"), &quantity.model, "its model; default: the row's own"},
            {key("trigger"), &quantity.trigger, "its trigger; default: the row's own"},
            {key("step"), &quantity.step, "its step; default: the row's own", at_least(0)},
            {key("minus_step"), &minus_step, "taken off: the same at this step", at_least(0)},
            {key("stage"), &quantity.stage, "its stage; default: the row's own"},
            {key("from"), &from, "its interval must lie from here"},
            {key("to"), &to, "to here"}};
  }
};

constexpr const char* kControl = "positive_control";
constexpr const char* kAlsoControl = "also_positive_control";

// The keys as they stand in the file.
struct RuleKeys {
  std::string id, title, paper, source, measurement, model, trigger, stage, differs, added;
  double replicates_from = 0, replicates_to = 0, contradicts_from = 0, contradicts_to = 0;
  double also_contradicts_from = 0, also_contradicts_to = 0;
  int64_t min_seeds = 1, step = -1, chosen_on = -1;
  bool percent = true;
  Quantity minus;
  ControlKeys control, also_control;

  std::vector<Field> fields() {
    return joined({own_fields(), control.fields(kControl), also_control.fields(kAlsoControl)});
  }

 private:
  std::vector<Field> own_fields() {
    return {
        {"id", &id, "of the experiment", required()},
        {"title", &title, "the claim, in one line", required()},
        {"paper", &paper, "the paper's number", required()},
        {"source", &source, "where it stands", required()},
        {"measurement", &measurement, "ours", required()},
        {"model", &model, "the recipe's name of the model", required()},
        {"trigger", &trigger, "on, off, a trigger's name, or nothing"},
        {"step", &step, "of a training curve; default: the final model", at_least(0)},
        {"stage", &stage, "the recipe's stage or entry that took it; default: any"},
        {"differs", &differs, "what differs in set-up", required()},
        {"added", &added, "when the row was added, if what it asks was known in part by then"},
        {"replicates_from", &replicates_from, "the interval must lie from here"},
        {"replicates_to", &replicates_to, "to here"},
        {"contradicts_from", &contradicts_from, "the interval must lie from here"},
        {"contradicts_to", &contradicts_to, "to here"},
        {"also_contradicts_from", &also_contradicts_from, "or from here"},
        {"also_contradicts_to", &also_contradicts_to, "to here"},
        {"min_seeds", &min_seeds, "fewer seeds are uncertain", at_least(1)},
        {"chosen_on", &chosen_on, "the seed on which the set-up was chosen, which is no evidence: it does not count",
         at_least(0)},
        {"percent", &percent, "the value is a share"},
        {"minus.measurement", &minus.measurement, "taken off; default: the row's own"},
        {"minus.model", &minus.model, "its model; default: the row's own"},
        {"minus.trigger", &minus.trigger, "its trigger; default: the row's own"},
        {"minus.step", &minus.step, "its step; default: the row's own", at_least(0)},
        {"minus.stage", &minus.stage, "its stage; default: the row's own"},
    };
  }
};

// {minus: {model: x}} as {minus.model: x}, so that a rule is one list of fields.
YamlNode flattened(const YamlNode& row) {
  YamlNode flat = row;
  flat.entries.clear();
  for (const auto& [key, node] : row.entries) {
    if (key.find('.') != std::string::npos)
      fail_input(node.place, fmt::format("unknown key `{}` of a scorecard row", key));
    if (node.type != YamlNode::Type::kMap || node.entries.empty()) {
      flat.append(key) = node;
      continue;
    }
    for (const auto& [inner, value] : node.entries) flat.append(key + "." + inner) = value;
  }
  return flat;
}

// Turns the keys of one row into a rule; `places` says which were written.
class RuleReader {
 public:
  explicit RuleReader(const YamlNode& row) : place_(row.place) {
    places_ = read_fields([this] { return keys_.fields(); }, flattened(row), "scorecard row");
  }

  Rule rule() const {
    Rule rule{.id = keys_.id,
              .title = keys_.title,
              .paper = keys_.paper,
              .source = keys_.source,
              .differs = keys_.differs,
              .added = keys_.added,
              .ours = {keys_.measurement, keys_.model, keys_.trigger, keys_.step, keys_.stage, keys_.chosen_on},
              .minus = {},
              .replicates = range("replicates_from", keys_.replicates_from, "replicates_to", keys_.replicates_to),
              .contradicts = {},
              .min_seeds = keys_.min_seeds,
              .percent = keys_.percent,
              .controls = {}};
    add_contradicting(rule, "contradicts", keys_.contradicts_from, keys_.contradicts_to);
    add_contradicting(rule, "also_contradicts", keys_.also_contradicts_from, keys_.also_contradicts_to);
    if (writes("minus.")) {
      rule.minus = filled("minus.", keys_.minus, rule.ours);
      if (*rule.minus == rule.ours)
        fail_input(place_, "`minus` is the row's own measurement", "name another model, trigger, step or measurement");
    }
    for (const auto& [name, keys] : {std::pair(kControl, &keys_.control), {kAlsoControl, &keys_.also_control}}) {
      if (writes(std::string(name) + ".")) rule.controls.push_back(control(name, *keys, rule.ours));
    }
    return rule;
  }

 private:
  bool writes(const std::string& prefix) const {
    const auto found = places_.lower_bound(prefix);
    return found != places_.end() && found->first.starts_with(prefix);
  }

  // What was not written is as in the row itself.
  Quantity filled(const std::string& prefix, Quantity quantity, const Quantity& otherwise) const {
    if (!places_.contains(prefix + "measurement")) quantity.measurement = otherwise.measurement;
    if (!places_.contains(prefix + "model")) quantity.model = otherwise.model;
    if (!places_.contains(prefix + "trigger")) quantity.trigger = otherwise.trigger;
    if (!places_.contains(prefix + "step")) quantity.step = otherwise.step;
    if (!places_.contains(prefix + "stage")) quantity.stage = otherwise.stage;
    quantity.left_out = otherwise.left_out;
    return quantity;
  }

  std::optional<Range> range(const std::string& from_key, double from, const std::string& to_key, double to) const {
    const bool has_from = places_.contains(from_key), has_to = places_.contains(to_key);
    if (!has_from && !has_to) return std::nullopt;
    if (!has_from || !has_to) {
      fail_input(place_,
                 fmt::format("`{}` stands without `{}`", has_from ? from_key : to_key, has_from ? to_key : from_key));
    }
    if (from > to)
      fail_input(places_.at(from_key), fmt::format("`{}` is above `{}`: the range is empty", from_key, to_key));
    return Range{from, to};
  }

  /// A range that the keys `name`_from and `name`_to write, if they do.
  void add_contradicting(Rule& rule, const std::string& name, double from, double to) const {
    const auto found = range(name + "_from", from, name + "_to", to);
    if (!found) return;
    const std::string& place = places_.at(name + "_from");
    if (!rule.replicates) fail_input(place, "a range to contradict stands without one to replicate");
    if (name != "contradicts" && rule.contradicts.empty())
      fail_input(place, fmt::format("`{}_from` stands without `contradicts_from`", name));
    if (std::max(rule.replicates->from, found->from) < std::min(rule.replicates->to, found->to))
      fail_input(place, "the two ranges overlap", "leave room for `uncertain` between them");
    rule.contradicts.push_back(*found);
  }

  PositiveControl control(const std::string& name, const ControlKeys& keys, const Quantity& ours) const {
    const std::string prefix = name + ".";
    if (!places_.contains(prefix + "from"))
      fail_input(place_, fmt::format("`{}`: missing key `from`: its interval must lie from there", name));
    if (keys.from > keys.to) fail_input(places_.at(prefix + "from"), "`from` is above `to`: the range is empty");
    PositiveControl out{filled(prefix, keys.quantity, ours), {}, {keys.from, keys.to}};
    if (keys.minus_step >= 0) {
      out.minus = out.quantity;
      out.minus->step = keys.minus_step;
      if (*out.minus == out.quantity) fail_input(places_.at(prefix + "minus_step"), "`minus_step` is the step itself");
    }
    return out;
  }

  std::string place_;
  RuleKeys keys_;
  std::map<std::string, std::string> places_;
};

}  // namespace

std::vector<Rule> read_rules(const fs::path& file) {
  const YamlNode root = parse_yaml(read_file(file, kMaxYamlBytes), file.string());
  const YamlNode* list = root.find("rows");
  if (list == nullptr || list->type != YamlNode::Type::kList || root.entries.size() != 1) {
    fail_input(root.place, "expected one key, `rows`, with a list");
  }
  std::vector<Rule> rules;
  std::map<std::string, std::string> ids;  // -> place
  for (const YamlNode& item : list->items) {
    rules.push_back(RuleReader(item).rule());
    const auto [known, is_new] = ids.emplace(rules.back().id, item.place);
    if (!is_new)
      fail_input(item.place, fmt::format("the id `{}` stands already at {}", rules.back().id, known->second));
  }
  return rules;
}

}  // namespace dormouse::lab
