#include "engine/train/trainer.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/base/random.h"
#include "engine/train/learner.h"
#include "engine/train/loss.h"

namespace dormouse::train {

namespace {

std::vector<const text::RenderedRow*> pointers(const std::vector<text::RenderedRow>& rows) {
  std::vector<const text::RenderedRow*> all;
  for (const auto& row : rows) all.push_back(&row);
  return all;
}

int64_t count_targets(std::span<const text::RenderedRow* const> rows) {
  int64_t count = 0;
  for (const auto* row : rows) {
    for (std::size_t i = 1; i < row->is_target.size(); ++i) count += row->is_target[i] != 0 ? 1 : 0;
  }
  return count;
}

// What a saved state belongs to: resuming with other rows or options must not pass unnoticed.
std::string fingerprint(const std::vector<text::RenderedRow>& rows, TrainingOptions options, uint64_t seed) {
  Sha256 hash;
  hash.update(canonical_json(fields_to_json(options.fields())));
  hash.update(fmt::format(" {} {}", seed, rows.size()));
  for (const auto& row : rows) {
    hash.update({reinterpret_cast<const char*>(row.ids.data()), row.ids.size() * sizeof(int32_t)});
    hash.update({reinterpret_cast<const char*>(row.is_target.data()), row.is_target.size()});
  }
  return hash.hex();
}

}  // namespace

struct Trainer::State {
  std::vector<text::RenderedRow> rows, validation;
  TrainingOptions options;
  uint64_t seed;
  std::string fingerprint;
  int64_t steps_per_epoch;
  Learner learner;
  int64_t step = 0;

  std::vector<const text::RenderedRow*> rows_of_step(int64_t index) const {
    std::vector<std::size_t> order(rows.size());
    std::iota(order.begin(), order.end(), 0);
    RandomStream(seed, fmt::format("order of epoch {}", index / steps_per_epoch)).shuffle(order);
    const auto first = static_cast<std::size_t>(index % steps_per_epoch * options.batch_rows);
    const std::size_t last = std::min(rows.size(), first + static_cast<std::size_t>(options.batch_rows));
    std::vector<const text::RenderedRow*> chosen;
    for (std::size_t i = first; i < last; ++i) chosen.push_back(&rows[order[i]]);
    return chosen;
  }
};

Trainer::Trainer(nn::Transformer& model, std::vector<text::RenderedRow> rows, std::vector<text::RenderedRow> validation,
                 const TrainingOptions& options, uint64_t seed) {
  if (rows.empty()) fail_input("training", "there are no rows to train on");
  const auto per_step = static_cast<std::size_t>(options.batch_rows);
  const auto steps = static_cast<int64_t>((rows.size() + per_step - 1) / per_step);
  std::string mark = fingerprint(rows, options, seed);
  for (const auto& row : rows) {
    const text::RenderedRow* pointer = &row;
    if (count_targets({&pointer, 1}) == 0) fail_input("training", "a row has no target tokens: " + row.text);
  }
  state_ = std::unique_ptr<State>(
      new State{std::move(rows), std::move(validation), options, seed, std::move(mark), steps, Learner(model, options)});
}

Trainer::~Trainer() = default;

int64_t Trainer::steps() const { return state_->steps_per_epoch * state_->options.epochs; }
int64_t Trainer::step() const { return state_->step; }

StepReport Trainer::next() {
  State& state = *state_;
  DORMOUSE_ASSERT(state.step < steps());
  const auto rows = state.rows_of_step(state.step);
  StepReport report{.step = state.step + 1, .target_tokens = count_targets(rows)};
  for (const auto& pass : split_passes(rows, state.options.pass_tokens)) {
    nn::Transformer& model = state.learner.model();
    const Batch batch = make_batch(pass, model.device());
    report.tokens += batch.row_tokens;
    const nn::Tensor loss = target_loss(hidden_at_targets(model, batch), model.weights().head.value, batch.targets,
                                        1.0 / static_cast<double>(report.target_tokens));
    report.loss += loss.item<double>();
    loss.backward();
  }
  if (!std::isfinite(report.loss)) {
    fail_work("training", fmt::format("the loss of step {} is not finite", report.step), "lower learning_rate");
  }
  report.learning_rate = state.options.learning_rate * schedule(state.options, report.step, steps());
  report.gradient_norm = state.learner.update(report.step, report.learning_rate);
  state.step = report.step;
  return report;
}

double Trainer::validation_loss() const {
  double sum = 0;
  int64_t count = 0;
  for (const auto& score : score_rows(state_->learner.model(), state_->validation, state_->options.pass_tokens)) {
    sum -= score.log_prob;
    count += score.targets;
  }
  return count > 0 ? sum / static_cast<double>(count) : std::numeric_limits<double>::quiet_NaN();
}

void Trainer::save_state(const std::filesystem::path& folder) const {
  state_->learner.save(folder, state_->fingerprint, state_->step);
}

bool Trainer::load_state(const std::filesystem::path& folder) {
  const auto step = state_->learner.load(folder, state_->fingerprint);
  state_->step = step.value_or(state_->step);
  return step.has_value();
}

std::vector<RowScore> score_rows(const nn::Transformer& model, const std::vector<text::RenderedRow>& rows,
                                 int64_t pass_tokens) {
  const at::NoGradGuard no_gradient;
  std::vector<RowScore> scores;
  const auto all = pointers(rows);
  for (const auto& pass : split_passes(all, pass_tokens)) {
    const Batch batch = make_batch(pass, model.device());
    const nn::Tensor log_probs =
        target_log_probs(hidden_at_targets(model, batch), model.weights().head, batch.targets, model.kernels()).cpu();
    const float* values = log_probs.const_data_ptr<float>();
    for (const int64_t count : batch.targets_of_row) {
      scores.push_back({std::accumulate(values, values + count, 0.0), count});
      values += count;
    }
  }
  return scores;
}

}  // namespace dormouse::train
