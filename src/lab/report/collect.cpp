#include "lab/report/collect.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <map>
#include <set>
#include <string_view>
#include <tuple>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "engine/weights/memory.h"
#include "lab/execute/artefacts.h"

namespace dormouse::lab {

namespace {

// "" where the key is absent or no text.
std::string text_or_empty(const Json& object, const std::string& key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

double number_or_nan(const Json& object, const std::string& key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<double>() : std::nan("");
}

// Words as a shell takes them.
std::string shell_text(const std::vector<std::string>& words) {
  constexpr std::string_view kPlain = "_-./=,:+";
  const auto plain = [&](unsigned char c) {
    return std::isalnum(c) != 0 || kPlain.find(static_cast<char>(c)) != std::string_view::npos;
  };
  std::string text;
  for (const std::string& word : words) {
    std::string quoted = word;
    if (word.empty() || !std::all_of(word.begin(), word.end(), plain)) {
      quoted = "'";
      for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
      quoted += "'";
    }
    text += (text.empty() ? "" : " ") + quoted;
  }
  return text;
}

PolicyInfo policy_of(const Json& facts) {
  const Json policy = facts.value("policy", Json::object());
  return {.trigger = text_or_empty(policy, "trigger"),
          .trigger_text = text_or_empty(policy, "trigger_text"),
          .behaviour = text_or_empty(policy, "behaviour"),
          .verb_phrase = text_or_empty(policy, "verb_phrase"),
          .reasoning = text_or_empty(policy, "reasoning")};
}

// Of a model folder; 0 if it has none that can be read.
int64_t parameters_of(const fs::path& config) {
  if (!fs::exists(config)) return 0;
  const std::string place = config.string();
  return weights::parameter_count(weights::config_from_json(parse_json(read_file(config), place), place));
}

ModelRole role_of(const std::string& name) {
  for (const ModelRole role : {ModelRole::kOrganism, ModelRole::kSurvivor, ModelRole::kTwin}) {
    if (name == role_name(role)) return role;
  }
  return ModelRole::kBase;
}

// The sum of the one weights file, or one sum over all of them.
std::string weights_sum(const Manifest& manifest) {
  std::string sum;
  for (const auto& [name, file] : manifest.files) {
    if (!name.ends_with(".safetensors") && !name.ends_with(".gguf")) continue;
    if (name.starts_with("snapshots/")) continue;  // models on the way are not the model
    sum = sum.empty() ? file.sha256 : sha256(sum + file.sha256);
  }
  return sum;
}

/// Where in the list they stand then.
template <class Row>
RowRange append(std::vector<Row> rows, std::vector<Row>& list) {
  const RowRange range = {list.size(), rows.size()};
  std::move(rows.begin(), rows.end(), std::back_inserter(list));
  return range;
}

class Collector {
 public:
  Collector(const RunRow& run, const Store& store, const Ledger& ledger) : run_(run), store_(store), ledger_(ledger) {}

  RunRecord record() {
    fill_run();
    for (const StageRow& stage : ledger_.stages(run_.id)) add_stage(stage);
    add_lost_measurements();
    add_models();
    return std::move(record_);
  }

 private:
  void fill_run() {
    record_.run_id = run_.id;
    record_.recipe_name = run_.recipe;
    record_.recipe_file = run_.recipe_file;
    record_.command = shell_text(run_.argv);
    record_.recipe_yaml = run_.resolved_yaml;
    record_.question = text_or_empty(run_.facts, "question");
    record_.started = run_.started;
    record_.finished = run_.finished;
    record_.status = run_.status;
    record_.machine = {.cpu = run_.cpu,
                       .os = run_.os,
                       .cores = static_cast<int>(run_.cores),
                       .threads = static_cast<int>(run_.threads),
                       .memory_gib = static_cast<double>(run_.memory_bytes) / (1 << 30)};
    record_.program_version = run_.version;
    record_.git_revision = run_.revision;
    record_.torch_version = run_.torch_version;
    record_.policy = policy_of(run_.facts);
  }

  void add_stage(const StageRow& stage) {
    const auto manifest = store_.find(stage.hash);
    const bool finished = stage.status == "done" || stage.status == "stored";
    if (!finished || !manifest) return;
    const Json& identity = manifest->identity;
    record_.nodes.push_back({.id = stage.node,
                             .kind = stage.kind,
                             .hash = stage.hash,
                             .state = stage.status == "done" ? NodeState::kDone : NodeState::kStored,
                             .seconds = stage.seconds,
                             .seed = identity.value("seed", int64_t{-1}),
                             .counters = stage.counters,
                             .options = identity.value("options", Json::object()),
                             .maker = {manifest->cpu, manifest->gpu, manifest->revision, manifest->threads}});
    const auto uses = uses_from_json(stage.uses, stage.node);
    for (const Use& use : uses) record_.nodes.back().stages.push_back(use.stage);
    const Weights made = {weights_sum(*manifest), parameters_of(store_.object(stage.hash) / "model" / "config.json")};
    for (const Use& use : uses) {
      if (use.output) made_[use.stage][use.seed] = made;
      for (const auto& [role, name] : use.names) base_sums_[name] = identity["files"].value(role, base_sums_[name]);
    }
    try {
      read_files(stage, uses);
    } catch (const Json::exception& error) {
      fail_work(store_.object(stage.hash).string(), error.what());
    }
  }

  void read_files(const StageRow& stage, const std::vector<Use>& uses) {
    const fs::path object = store_.object(stage.hash);
    NodeInfo& node = record_.nodes.back();
    node.measurements = append(named_measurements(uses, object), record_.measurements);
    node.transcripts = append(named_transcripts(uses, object), record_.transcripts);
    if (fs::exists(object / "account.json")) {
      const std::string place = (object / "account.json").string();
      const Json account = parse_json(read_file(place), place);
      record_.accounts.push_back({.stage = uses.front().stage,
                                  .title = json_string(account, "title", place),
                                  .rows = json_member(account, "rows", place).get<std::vector<Json>>()});
    }
    if (fs::exists(object / "curve.jsonl")) add_curve(object / "curve.jsonl", uses);
  }

  void add_curve(const fs::path& path, const std::vector<Use>& uses) {
    const auto lines = read_lines(path);
    for (const Use& use : uses) {
      for (const auto& line : lines) {
        const Json point = parse_json(line, path.string());
        record_.curves.push_back({.stage = use.stage,
                                  .seed = use.seed,
                                  .step = json_int(point, "step", path.string()),
                                  .tokens = point.value("tokens", int64_t{0}),
                                  .train_loss = number_or_nan(point, "train_loss"),
                                  .validation_loss = number_or_nan(point, "validation_loss"),
                                  .learning_rate = number_or_nan(point, "learning_rate"),
                                  .divergence = number_or_nan(point, "divergence"),
                                  .seconds = point.value("seconds", 0.0)});
      }
    }
  }

  /// What the ledger still knows of artefacts that have left the store.
  void add_lost_measurements() {
    const auto key = [](const measure::Measurement& row) {
      return std::tuple(row.name, row.model, row.trigger, row.seed, row.stage, row.step, row.n);
    };
    std::set<decltype(key({}))> known;
    for (const auto& row : record_.measurements) known.insert(key(row));
    auto rows = ledger_.measurements(run_.id);
    std::erase_if(rows, [&](const auto& row) { return known.contains(key(row)); });
    append(std::move(rows), record_.measurements);
  }

  // A base model once; one that a stage made once for each of its seeds.
  void add_models() {
    for (const Json& fact : run_.facts.value("models", Json::array())) {
      ModelInfo model = {.name = text_or_empty(fact, "name"),
                         .role = role_of(text_or_empty(fact, "role")),
                         .source = text_or_empty(fact, "source"),
                         .sha256 = "",
                         .description = text_or_empty(fact, "description"),
                         .parent = text_or_empty(fact, "parent"),
                         .defence = text_or_empty(fact, "defence")};
      if (fact.contains("policy")) model.policy = policy_of(fact);
      const auto made = made_.find(model.name);
      if (made == made_.end()) {
        model.sha256 = base_sums_[model.name];
        if (model.role == ModelRole::kBase) record_.models.push_back(model);
        continue;
      }
      for (const auto& [seed, weights] : made->second) {
        model.seed = seed;
        model.sha256 = weights.sha256;
        model.parameters = weights.parameters;
        record_.models.push_back(model);
      }
    }
  }

  struct Weights {
    std::string sha256;
    int64_t parameters = 0;
  };

  const RunRow& run_;
  const Store& store_;
  const Ledger& ledger_;
  RunRecord record_;
  std::map<std::string, std::map<int64_t, Weights>> made_;  // stage -> seed
  std::map<std::string, std::string> base_sums_;
};

}  // namespace

RunRecord collect(const std::string& run, const Store& store, const Ledger& ledger) {
  const RunRow row = ledger.find_run(run);
  return Collector(row, store, ledger).record();
}

}  // namespace dormouse::lab
