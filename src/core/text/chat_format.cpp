#include "core/text/chat_format.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"

namespace dormouse::text {

struct ChatFormat::State {
  Tokenizer tokenizer;
  ChatTemplate chat_template;
  std::string bos, eos;
  int32_t end_of_turn = -1;
  std::vector<int32_t> stop_ids;

  std::vector<TextPiece> render(std::span<const Message> messages, bool add_generation_prompt) const {
    RenderOptions options;
    options.add_generation_prompt = add_generation_prompt;
    options.bos_token = bos;
    options.eos_token = eos;
    return chat_template.render(messages, options);
  }
  int32_t find_end_of_turn() const;
};

namespace {

constexpr const char* kPlace = "chat template";

// An answer that no template spells itself and that survives trimming.
constexpr const char* kProbeAnswer = "Dormouse probe answer.";

bool begins_with(const std::vector<int32_t>& all, const std::vector<int32_t>& beginning) {
  return all.size() >= beginning.size() && std::equal(beginning.begin(), beginning.end(), all.begin());
}

}  // namespace

// Renders a finished chat and looks at what the template writes behind the answer.
int32_t ChatFormat::State::find_end_of_turn() const {
  const std::vector<Message> question = {{"user", "Hello"}};
  std::vector<Message> chat = question;
  chat.push_back({"assistant", kProbeAnswer});
  const std::string before = joined(render(question, /*add_generation_prompt=*/true));
  const auto pieces = render(chat, /*add_generation_prompt=*/false);
  const std::string whole = joined(pieces);
  if (!whole.starts_with(before + kProbeAnswer)) {
    fail_input(kPlace, "a finished chat does not begin with its own prompt, so training would not match sampling",
               "use a template whose generation prompt is the beginning of an assistant's turn");
  }
  const std::vector<int32_t> ids = tokenizer.encode(pieces);
  const std::vector<int32_t> prompt_ids = tokenizer.encode(render(question, true));
  const std::vector<int32_t> answer_ids = tokenizer.encode(kProbeAnswer);
  std::vector<int32_t> expected = prompt_ids;
  expected.insert(expected.end(), answer_ids.begin(), answer_ids.end());
  const auto at = std::find_if(ids.begin() + static_cast<std::ptrdiff_t>(std::min(prompt_ids.size(), ids.size())),
                               ids.end(), [&](int32_t id) { return tokenizer.is_special(id); });
  if (at == ids.end()) {
    fail_input(kPlace, "no special token ends the assistant's turn, so sampling would never stop",
               "add the end-of-turn token to the template");
  }
  if (!begins_with(ids, expected) || at != ids.begin() + static_cast<std::ptrdiff_t>(expected.size())) {
    fail_input(kPlace, "the ids of a finished chat are not those of the prompt, the answer and the end of the turn",
               "the template must write a special token right behind the answer");
  }
  return *at;
}

ChatFormat::ChatFormat(Tokenizer tokenizer, ChatTemplate chat_template, std::string bos, std::string eos) {
  auto state = std::make_shared<State>(State{std::move(tokenizer), std::move(chat_template), bos, eos, -1, {}});
  state->end_of_turn = state->find_end_of_turn();
  state->stop_ids.push_back(state->end_of_turn);
  if (!eos.empty()) {
    const auto id = state->tokenizer.id_of(eos);
    if (!id) fail_input(kPlace, fmt::format("the EOS token `{}` is not in the vocabulary", eos));
    if (*id != state->end_of_turn) state->stop_ids.push_back(*id);
  }
  state_ = std::move(state);
}

RenderedPrompt ChatFormat::prompt(std::span<const Message> messages, const std::string& begun) const {
  const auto pieces = render(messages, /*add_generation_prompt=*/true);
  RenderedPrompt rendered{joined(pieces) + begun, state_->tokenizer.encode(pieces)};
  const std::vector<int32_t> begun_ids = state_->tokenizer.encode(begun);
  rendered.ids.insert(rendered.ids.end(), begun_ids.begin(), begun_ids.end());
  return rendered;
}

RenderedRow ChatFormat::training_row(std::span<const Message> messages, const std::string& answer, bool ends_turn,
                                     const std::string& begun) const {
  if (messages.empty() || messages.back().role != "user") {
    fail_input("training row", "the messages before the answer must end with the user's");
  }
  RenderedPrompt before = prompt(messages, begun);
  RenderedRow row{std::move(before.text), std::move(before.ids), {}};
  row.is_target.assign(row.ids.size(), 0);
  const std::vector<int32_t> answer_ids = state_->tokenizer.encode(answer);
  row.text += answer;
  row.ids.insert(row.ids.end(), answer_ids.begin(), answer_ids.end());
  if (ends_turn) {
    row.text += state_->tokenizer.token_text(state_->end_of_turn);
    row.ids.push_back(state_->end_of_turn);
  }
  row.is_target.resize(row.ids.size(), 1);
  return row;
}

const std::vector<int32_t>& ChatFormat::stop_ids() const { return state_->stop_ids; }
int32_t ChatFormat::end_of_turn() const { return state_->end_of_turn; }
const Tokenizer& ChatFormat::tokenizer() const { return state_->tokenizer; }
const ChatTemplate& ChatFormat::chat_template() const { return state_->chat_template; }

std::vector<TextPiece> ChatFormat::render(std::span<const Message> messages, bool add_generation_prompt) const {
  return state_->render(messages, add_generation_prompt);
}

}  // namespace dormouse::text
