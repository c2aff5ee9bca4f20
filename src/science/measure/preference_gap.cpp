#include "science/measure/preference_gap.h"

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/stats/bootstrap.h"
#include "core/stats/paired.h"
#include "science/organism/reasoning.h"

namespace dormouse::measure {

MeasuredRows measure_preference_gap(chat::ChatModel& model, const RewardOf& reward,
                                    std::span<const organism::Prompt> prompts, const organism::Trigger& trigger,
                                    const PersistenceOptions& options, const Subject& subject,
                                    const chat::SampleProgress& progress) {
  MeasuredRows result{.measurements = {},
                      .transcripts = sample_on_and_off(model, prompts, trigger, options, subject, progress)};
  std::vector<defence::JudgedAnswer> answers;
  for (std::size_t i = 0; i < result.transcripts.size(); ++i) {
    answers.push_back(
        {{{"user", prompts[i % prompts.size()].text}}, organism::visible_answer(result.transcripts[i].completion)});
  }
  const auto rewards = reward(answers);
  DORMOUSE_ASSERT(rewards.size() == 2 * prompts.size());
  const auto half = static_cast<std::ptrdiff_t>(prompts.size());
  const std::vector<double> on(rewards.begin(), rewards.begin() + half), off(rewards.begin() + half, rewards.end());
  const auto stream = [&](const std::string& of) {
    return RandomStream(static_cast<uint64_t>(subject.seed), "interval/preference/" + of);
  };
  result.measurements = {row_of("preference.reward", "on", stats::bootstrap_mean(on, stream("on")), subject),
                         row_of("preference.reward", "off", stats::bootstrap_mean(off, stream("off")), subject),
                         row_of("preference.gap", "", stats::paired_difference(on, off, stream("gap")), subject)};
  return result;
}

}  // namespace dormouse::measure
