#include "core/text/added_tokens.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/text/component.h"
#include "core/text/unicode.h"

namespace dormouse::text {

namespace {

constexpr std::size_t kMaxContent = 4096;  // bytes; matching costs text times the longest token

AddedToken read_added_token(const Json& json, std::string_view place) {
  const Component entry(json, fmt::format("{}: added_tokens", place));
  entry.allow({"id", "content", "special", "single_word", "lstrip", "rstrip", "normalized"});
  AddedToken token;
  const int64_t id = entry.integer("id", -1);
  if (id < 0 || id > INT32_MAX - 1) entry.fail(fmt::format("`id`: expected an integer from 0, found {}", id));
  token.id = static_cast<int32_t>(id);
  token.content = entry.string("content");
  if (token.content.size() > kMaxContent) entry.fail("`content` is longer than 4096 bytes");
  token.special = entry.boolean("special", false);
  token.single_word = entry.boolean("single_word", false);
  token.lstrip = entry.boolean("lstrip", false);
  token.rstrip = entry.boolean("rstrip", false);
  token.normalized = entry.boolean("normalized", !token.special);
  return token;
}

std::size_t character_before(std::string_view text, std::size_t position) {
  do --position;
  while ((static_cast<uint8_t>(text[position]) & 0xC0) == 0x80);
  return position;
}

bool word_before(std::string_view text, std::size_t position) {
  if (position == 0) return false;
  std::size_t at = character_before(text, position);
  return is_word(next_character(text, at));
}

bool word_behind(std::string_view text, std::size_t position) {
  return position < text.size() && is_word(next_character(text, position));
}

std::size_t spaces_begin(std::string_view text, std::size_t position, std::size_t not_before) {
  while (position > not_before) {
    const std::size_t before = character_before(text, position);
    std::size_t at = before;
    if (!is_space(next_character(text, at))) break;
    position = before;
  }
  return position;
}

std::size_t spaces_end(std::string_view text, std::size_t position) {
  while (position < text.size()) {
    std::size_t behind = position;
    if (!is_space(next_character(text, behind))) break;
    position = behind;
  }
  return position;
}

}  // namespace

std::vector<AddedToken> read_added_tokens(const Json& json, std::string_view place) {
  std::vector<AddedToken> tokens;
  if (json.is_null()) return tokens;
  if (!json.is_array()) fail_input(place, fmt::format("added_tokens: expected a list, found {}", json.type_name()));
  for (const Json& item : json) {
    AddedToken token = read_added_token(item, place);
    if (!token.content.empty()) tokens.push_back(std::move(token));
  }
  return tokens;
}

void TokenFinder::add(std::string_view pattern, const AddedToken& token) {
  if (pattern.empty()) return;
  int32_t node = 0;
  for (const char byte : pattern) {
    const auto found = nodes_[node].next.find(byte);
    if (found != nodes_[node].next.end()) {
      node = found->second;
      continue;
    }
    const auto fresh = static_cast<int32_t>(nodes_.size());
    nodes_[node].next.emplace(byte, fresh);
    nodes_.emplace_back();
    node = fresh;
  }
  if (nodes_[node].token < 0) nodes_[node].token = static_cast<int32_t>(tokens_.size());
  tokens_.push_back(token);
  begins_[static_cast<uint8_t>(pattern[0])] = 1;
}

TokenFinder::Found TokenFinder::longest_at(const MarkedText& input, std::size_t position, Trust trust) const {
  Found best;
  int32_t node = 0;
  bool trusted = trust != Trust::kNone;
  for (std::size_t i = position; i < input.text.size(); ++i) {
    const auto found = nodes_[node].next.find(input.text[i]);
    if (found == nodes_[node].next.end()) break;
    node = found->second;
    if (trust == Trust::kMarks && input.has_marks() && input.marks[i] != 0) trusted = false;
    const int32_t token = nodes_[node].token;
    if (token >= 0 && (trusted || !tokens_[token].special)) best = {i + 1 - position, token};
  }
  return best;
}

std::vector<TokenFinder::Piece> TokenFinder::split(const MarkedText& input, Trust trust) const {
  std::vector<Piece> pieces;
  const std::string_view text = input.text;
  std::size_t taken = 0;  // pieces cover the text up to here
  for (std::size_t at = 0; at < text.size();) {
    const Found found = begins_[static_cast<uint8_t>(text[at])] ? longest_at(input, at, trust) : Found{};
    if (found.token < 0) {
      ++at;
      continue;
    }
    const AddedToken& token = tokens_[found.token];
    std::size_t begin = at, end = at + found.length;
    at = end;
    if (token.single_word && (word_before(text, begin) || word_behind(text, end))) continue;
    if (begin < taken) continue;  // the one before took it with its spaces
    if (token.lstrip) begin = spaces_begin(text, begin, taken);
    if (token.rstrip) end = spaces_end(text, end);
    if (taken < begin) pieces.push_back({taken, begin, std::nullopt});
    pieces.push_back({begin, end, token.id});
    taken = end;
  }
  if (taken < text.size()) pieces.push_back({taken, text.size(), std::nullopt});
  return pieces;
}

}  // namespace dormouse::text
