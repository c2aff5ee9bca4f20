#include "science/defence/preference_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/random.h"

namespace dormouse::defence {

namespace {

constexpr const char* kReadOut = "score.safetensors";

std::vector<const text::RenderedRow*> pointers(const std::vector<text::RenderedRow>& rows) {
  std::vector<const text::RenderedRow*> all;
  for (const auto& row : rows) all.push_back(&row);
  return all;
}

// Rewards of pairs in turns -> the mean of pair_loss over `pairs`.
train::RewardTerm pair_term(std::span<const float> rewards, double pairs) {
  train::RewardTerm term{0, std::vector<float>(rewards.size())};
  for (std::size_t i = 0; i + 1 < rewards.size(); i += 2) {
    const PairLoss loss = pair_loss(rewards[i], rewards[i + 1]);
    term.loss += loss.loss / pairs;
    term.gradient[i] = static_cast<float>(loss.gradient / pairs);
    term.gradient[i + 1] = -term.gradient[i];
  }
  return term;
}

}  // namespace

PreferenceModel::PreferenceModel(chat::LocalModel model)
    : model_(std::make_unique<chat::LocalModel>(std::move(model))),
      reward_(std::make_unique<train::RewardModel>(model_->transformer())) {}

PreferenceModel PreferenceModel::open(const std::filesystem::path& folder) {
  const auto read_out = folder / kReadOut;
  if (!std::filesystem::exists(read_out)) {
    fail_input(folder.string(), fmt::format("holds no {}: it is no preference model", kReadOut),
               "name a stage of the kind `preference-model`");
  }
  PreferenceModel opened{chat::LocalModel(weights::ModelFiles::open(folder.string()))};
  opened.reward_->load_head(read_out);
  return opened;
}

std::vector<float> PreferenceModel::score(std::span<const JudgedAnswer> answers) const {
  std::vector<text::RenderedRow> rows;
  for (const auto& judged : answers) rows.push_back(model_->format().training_row(judged.messages, judged.answer));
  return reward_->score(pointers(rows));
}

void PreferenceModel::save(const std::filesystem::path& folder, weights::DType dtype) {
  model_->save(folder, dtype);
  reward_->save_head(folder / kReadOut);
}

PairRows render_pairs(const text::ChatFormat& format, std::span<const PreferencePair> pairs, int64_t longest) {
  PairRows made;
  for (const auto& pair : pairs) {
    auto chosen = format.training_row(pair.messages, pair.chosen);
    auto rejected = format.training_row(pair.messages, pair.rejected);
    if (static_cast<int64_t>(std::max(chosen.ids.size(), rejected.ids.size())) > longest) {
      ++made.too_long;
      continue;
    }
    made.rows.push_back(std::move(chosen));
    made.rows.push_back(std::move(rejected));
  }
  return made;
}

std::vector<std::pair<float, float>> pair_rewards(const train::RewardModel& model,
                                                  const std::vector<text::RenderedRow>& rows) {
  DORMOUSE_ASSERT(rows.size() % 2 == 0);
  const auto rewards = model.score(pointers(rows));
  std::vector<std::pair<float, float>> pairs;
  for (std::size_t i = 0; i < rewards.size(); i += 2) pairs.emplace_back(rewards[i], rewards[i + 1]);
  return pairs;
}

PreferenceTrainer::PreferenceTrainer(PreferenceModel& model, std::vector<text::RenderedRow> rows,
                                     const train::TrainingOptions& options, uint64_t seed)
    : rows_(std::move(rows)),
      options_(options),
      seed_(seed),
      pairs_(static_cast<int64_t>(rows_.size()) / 2),
      steps_per_epoch_((pairs_ + options.batch_rows - 1) / options.batch_rows),
      trainer_(model.reward(), options) {
  if (pairs_ == 0) fail_input("training", "there are no pairs to train on");
}

int64_t PreferenceTrainer::steps() const { return steps_per_epoch_ * options_.epochs; }

// A function of the seed and the step alone, so that the step is the whole random state.
std::vector<const text::RenderedRow*> PreferenceTrainer::rows_of_step(int64_t index) const {
  std::vector<int64_t> order(static_cast<std::size_t>(pairs_));
  std::iota(order.begin(), order.end(), 0);
  RandomStream(seed_, fmt::format("order of epoch {}", index / steps_per_epoch_)).shuffle(order);
  const int64_t first = index % steps_per_epoch_ * options_.batch_rows;
  std::vector<const text::RenderedRow*> chosen;
  for (int64_t i = first; i < std::min(pairs_, first + options_.batch_rows); ++i) {
    const auto pair = static_cast<std::size_t>(order[static_cast<std::size_t>(i)]);
    chosen.push_back(&rows_[2 * pair]);
    chosen.push_back(&rows_[2 * pair + 1]);
  }
  return chosen;
}

PreferenceTrainer::Report PreferenceTrainer::next() {
  DORMOUSE_ASSERT(step() < steps());
  const auto rows = rows_of_step(step());
  const auto pairs = static_cast<double>(rows.size()) / 2;
  Report report{.step = step() + 1};
  report.learning_rate = options_.learning_rate * train::schedule(options_, report.step, steps());
  const auto done = trainer_.step(
      rows, [&](std::span<const float> rewards, std::size_t) { return pair_term(rewards, pairs); },
      report.learning_rate, /*together=*/2, options_.pass_tokens);
  report.loss = done.loss;
  report.tokens = done.tokens;
  return report;
}

std::string PreferenceTrainer::mark() const {
  Sha256 hash;
  hash.update(canonical_json(fields_to_json(train::TrainingOptions(options_).fields())));
  hash.update(fmt::format(" {} {}", seed_, rows_.size()));
  for (const auto& row : rows_)
    hash.update({reinterpret_cast<const char*>(row.ids.data()), row.ids.size() * sizeof(int32_t)});
  return hash.hex();
}

void PreferenceTrainer::save_state(const std::filesystem::path& folder) const { trainer_.save_state(folder, mark()); }
bool PreferenceTrainer::load_state(const std::filesystem::path& folder) { return trainer_.load_state(folder, mark()); }

}  // namespace dormouse::defence
