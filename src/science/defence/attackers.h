// The two attackers of a red team: one fills slots in written templates, and is the reference; the other is a chat
// model that proposes, sees what came of it, and proposes again, in the manner of PAIR (arXiv 2310.08419).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "science/defence/red_team.h"

namespace dormouse::defence {

struct AttackTemplate {
  std::string id, approach;
  std::string text;  // with the slot {question}
};

/// prompts/red-team/templates.jsonl. Throws kInput "FILE:LINE" on a bad row, and on a text that does not have the slot
/// once; other braces stay as they are.
std::vector<AttackTemplate> load_attack_templates(const std::filesystem::path& path);

/// Goes through the templates in an order by `seed`, again with other questions when they are used up. One half of the
/// templates is only filled with one half of the questions, and the halves are the two families: neither side of a
/// split knows a template or a question of the other.
class TemplateAttacker final : public Attacker {
 public:
  /// At least two templates and two questions.
  TemplateAttacker(std::vector<AttackTemplate> templates, std::vector<std::string> questions, int64_t lines,
                   uint64_t seed);
  std::vector<Proposal> propose(int64_t round, std::span<const Attack> earlier) override;

 private:
  std::vector<AttackTemplate> templates_;
  std::vector<std::string> questions_[2];
  int64_t lines_;
  uint64_t seed_;
};

/// Text between two marks of a reply.
struct Tag {
  std::string open, close;
  /// Trimmed; "" where the first `open` has no `close` behind it.
  std::string of(const std::string& reply) const;
};

/// The words of prompts/red-team/attacker.yaml.
struct AttackerWording {
  Tag approach, prompt;
  std::string system, first, reflection, answer_line, malformed;
};

/// A line is one chat with the model. A reply that cannot be read is asked for again once. Messages that were not sent
/// leave no trace in the chat: the model is asked the same again in the next round, with another seed, and does not
/// learn what was refused.
class ModelAttacker final : public Attacker {
 public:
  ModelAttacker(chat::ChatModel& model, AttackerWording wording, sample::SamplingOptions sampling, int64_t lines,
                uint64_t seed);
  std::vector<Proposal> propose(int64_t round, std::span<const Attack> earlier) override;

 private:
  std::vector<text::Message> conversation(int64_t line, int64_t round, std::span<const Attack> earlier) const;
  std::string reflection(const Attack& last, int64_t round) const;
  Proposal read(const chat::Completion& completion, int64_t line) const;

  chat::ChatModel& model_;
  AttackerWording wording_;
  sample::SamplingOptions sampling_;
  int64_t lines_;
  uint64_t seed_;
};

}  // namespace dormouse::defence
