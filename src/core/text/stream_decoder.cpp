// StreamDecoder: text as tokens come, in whole characters.
#include "core/text/tokenizer.h"
#include "core/text/unicode.h"

namespace dormouse::text {

std::string StreamDecoder::push(int32_t id) {
  if (skip_special_ && tokenizer_.is_special(id)) return {};
  if (tokenizer_.token_text(id).empty()) return {};
  if (previous_) {
    const std::vector<int32_t> both = {*previous_, id};
    const std::string before = tokenizer_.decode(std::span(both).first(1), skip_special_);
    pending_ += tokenizer_.decode(both, skip_special_).substr(before.size());
  } else {
    pending_ += tokenizer_.decode(std::span(&id, 1), skip_special_);
  }
  previous_ = id;
  const std::size_t ready = pending_.size() - incomplete_tail(pending_);
  std::string text = replace_invalid_utf8(std::string_view(pending_).substr(0, ready));
  pending_.erase(0, ready);
  return text;
}

std::string StreamDecoder::finish() {
  std::string text = replace_invalid_utf8(pending_);
  pending_.clear();
  previous_.reset();
  return text;
}

}  // namespace dormouse::text
