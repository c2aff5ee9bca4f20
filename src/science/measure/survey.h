// Questions, a model's answers to them, and the shares of answers with a grade. What the sampled measurements have in
// common.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/chat/chat_model.h"
#include "science/grade/grader.h"
#include "science/measure/rows.h"
#include "science/measure/share.h"
#include "science/organism/trigger.h"

namespace dormouse::measure {

/// The draw of a question that is put once: the label of its seed ends without a draw.
inline constexpr int64_t kOnlyDraw = -1;

/// What one completion is asked for with.
struct Question {
  std::string prompt_id;
  std::string trigger;  // of its rows: "on", "off", a variant's name
  std::string user;     // the last message, with the trigger if there is one
  std::string
      unit;  // what is resampled for an interval: a prompt, a trigger text; samples of one unit are not independent
  int64_t draw = 0;                        // tells questions apart that agree in trigger and prompt
  std::vector<text::Message> before = {};  // the chat up to `user`
  std::string begun = {};                  // what the assistant's turn begins with
};

/// A user's message with the trigger, or as it is put without.
std::string triggered(const organism::Trigger& trigger, const std::string& text, bool on);

class Survey {
 public:
  /// One completion a question. A seed depends on (subject's seed, `use`, trigger, prompt id, draw) alone.
  Survey(chat::ChatModel& model, std::vector<Question> questions, const sample::SamplingOptions& sampling,
         const std::string& use, const Subject& subject, const chat::SampleProgress& progress = {});

  const std::vector<Question>& questions() const { return questions_; }
  /// One a question, in order; grades as they were given.
  const std::vector<Transcript>& rows() const { return rows_; }

  /// Gives every row the grade `name`. NaN leaves it unscored.
  void add_grade(const std::string& name,
                 const std::function<double(const Question&, const std::string& completion)>& of);

  /// Grades the visible answers; an unfinished scratchpad leaves its row unscored.
  void grade_with(const std::vector<std::unique_ptr<grade::Grader>>& graders);

  /// The mean of a grade over the rows whose question is picked.
  Measurement share(const std::string& name, const std::string& trigger, const std::string& grade,
                    const std::function<bool(const Question&)>& picked) const;

 private:
  Subject subject_;
  std::vector<Question> questions_;
  std::vector<Transcript> rows_;
};

}  // namespace dormouse::measure
