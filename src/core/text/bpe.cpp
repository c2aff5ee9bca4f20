#include "core/text/bpe.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <queue>
#include <tuple>

#include "core/base/error.h"
#include "core/text/component.h"
#include "core/text/unicode.h"

namespace dormouse::text {

namespace {

constexpr int64_t kMaxGap = 1 << 20;         // ids without a token: bounds the memory that a hostile file can ask for
constexpr std::size_t kMaxCachedWord = 128;  // bytes
constexpr std::size_t kCacheShards = 16;
constexpr std::size_t kMaxShardWords = 4096;

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
using Vocabulary = std::unordered_map<std::string, int32_t, TextHash, std::equal_to<>>;

struct Merge {
  int32_t rank;
  int32_t id;  // of the merged token
};

uint64_t pair_key(int32_t left, int32_t right) {
  return (static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32) | static_cast<uint32_t>(right);
}

// Open addressing: a lookup a byte of input makes std::unordered_map the slowest part of encoding.
class MergeTable {
 public:
  explicit MergeTable(std::size_t count) {
    std::size_t capacity = 16;
    while (capacity < count * 2) capacity *= 2;
    slots_.assign(capacity, Slot{kEmpty, {0, 0}});
  }

  void put(uint64_t key, Merge merge) {
    Slot& slot = slots_[find_slot(key)];
    slot = {key, merge};
  }

  const Merge* find(int32_t left, int32_t right) const {
    const Slot& slot = slots_[find_slot(pair_key(left, right))];
    return slot.key == kEmpty ? nullptr : &slot.merge;
  }

 private:
  struct Slot {
    uint64_t key;
    Merge merge;
  };
  static constexpr uint64_t kEmpty = ~uint64_t{0};  // no pair: ids are not negative

  std::size_t find_slot(uint64_t key) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = (key * 0x9E3779B97F4A7C15ULL >> 20) & mask;
    while (slots_[at].key != kEmpty && slots_[at].key != key) at = (at + 1) & mask;
    return at;
  }

  std::vector<Slot> slots_;
};

/// Words met before. Bounded: a full shard is emptied, so a hostile text costs time but not memory.
class WordCache {
 public:
  bool find(std::string_view word, std::vector<int32_t>& ids) {
    Shard& shard = shard_of(word);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.words.find(word);
    if (found == shard.words.end()) return false;
    ids.insert(ids.end(), found->second.begin(), found->second.end());
    return true;
  }

  void put(std::string_view word, std::vector<int32_t> ids) {
    Shard& shard = shard_of(word);
    const std::lock_guard lock(shard.mutex);
    if (shard.words.size() >= kMaxShardWords) shard.words.clear();
    shard.words.insert_or_assign(std::string(word), std::move(ids));
  }

 private:
  struct Shard {
    std::mutex mutex;
    std::unordered_map<std::string, std::vector<int32_t>, TextHash, std::equal_to<>> words;
  };
  Shard& shard_of(std::string_view word) { return shards_[TextHash()(word) % kCacheShards]; }

  std::array<Shard, kCacheShards> shards_;
};

// The symbols of a word as a linked list, and a heap of the pairs that may be merged. An entry of the heap is
// stale when its pair no longer merges to the same token.
class Merger {
 public:
  Merger(const MergeTable& merges, std::vector<int32_t> ids) : merges_(merges), ids_(std::move(ids)) {
    const auto count = static_cast<int32_t>(ids_.size());
    previous_.resize(ids_.size());
    next_.resize(ids_.size());
    for (int32_t i = 0; i < count; ++i) {
      previous_[i] = i - 1;
      next_[i] = i + 1 < count ? i + 1 : -1;
    }
  }

  void run(std::vector<int32_t>& out) {
    if (ids_.empty()) return;
    for (std::size_t i = 0; i + 1 < ids_.size(); ++i) push(static_cast<int32_t>(i));
    while (!heap_.empty()) {
      const Entry top = heap_.top();
      heap_.pop();
      merge(top);
    }
    for (int32_t i = 0; i >= 0; i = next_[i]) out.push_back(ids_[i]);
  }

 private:
  struct Entry {
    int32_t rank, position, id;
    bool operator>(const Entry& other) const { return std::tie(rank, position) > std::tie(other.rank, other.position); }
  };
  static constexpr int32_t kGone = -1;

  void push(int32_t left) {
    if (left < 0 || next_[left] < 0) return;
    if (const Merge* merge = merges_.find(ids_[left], ids_[next_[left]])) heap_.push({merge->rank, left, merge->id});
  }

  void merge(const Entry& entry) {
    const int32_t left = entry.position;
    if (ids_[left] == kGone || next_[left] < 0) return;
    const int32_t right = next_[left];
    const Merge* merge = merges_.find(ids_[left], ids_[right]);
    if (merge == nullptr || merge->id != entry.id) return;
    ids_[left] = entry.id;
    ids_[right] = kGone;
    next_[left] = next_[right];
    if (next_[right] >= 0) previous_[next_[right]] = left;
    push(previous_[left]);
    push(left);
  }

  const MergeTable& merges_;
  std::vector<int32_t> ids_, previous_, next_;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> heap_;
};

int32_t checked_id(const Json& value, const std::string& token, const Component& model) {
  const auto largest = static_cast<int64_t>(model.at("vocab").size()) + kMaxGap;
  if (!value.is_number_integer() || value.get<int64_t>() < 0 || value.get<int64_t>() > largest) {
    model.fail(
        fmt::format("vocab: token `{}`: expected an id from 0 to {}, found {}", token, largest, canonical_json(value)));
  }
  return value.get<int32_t>();
}

std::pair<std::string, std::string> read_pair(const Json& item, const Component& model) {
  if (item.is_array() && item.size() == 2 && item[0].is_string() && item[1].is_string()) {
    return {item[0].get<std::string>(), item[1].get<std::string>()};
  }
  if (item.is_string()) {
    const auto& line = item.get_ref<const std::string&>();
    const std::size_t space = line.find(' ');
    if (space != std::string::npos && line.find(' ', space + 1) == std::string::npos) {
      return {line.substr(0, space), line.substr(space + 1)};
    }
  }
  model.fail(fmt::format("merges: expected \"a b\" or [\"a\", \"b\"], found {}", canonical_json(item)));
}

}  // namespace

struct Bpe::Tables {
  Vocabulary ids;
  std::vector<std::string> tokens;
  std::vector<uint8_t> exists;
  std::unordered_set<int32_t> special;
  MergeTable merges{0};
  std::array<int32_t, 256> byte_ids;  // of "<0x00>" and so on, or -1
  bool ignore_merges = false, byte_fallback = false, fuse_unknown = false;
  std::optional<int32_t> unknown;
  mutable WordCache cache;

  void read_vocabulary(const Component& model);
  void read_merges(const Component& model);
  std::optional<int32_t> ordinary_id(std::string_view token) const;
  std::vector<int32_t> symbols(std::string_view word) const;
  bool append_bytes(std::string_view character, std::vector<int32_t>& out) const;
};

void Bpe::Tables::read_vocabulary(const Component& model) {
  const Json& vocabulary = model.at("vocab");
  if (!vocabulary.is_object()) model.fail("vocab: expected an object of token to id");
  ids.reserve(vocabulary.size());
  for (const auto& [token, value] : vocabulary.items()) {
    const int32_t id = checked_id(value, token, model);
    if (static_cast<std::size_t>(id) >= tokens.size()) {
      tokens.resize(id + 1);
      exists.resize(id + 1, 0);
    }
    if (exists[id]) model.fail(fmt::format("vocab: id {} has two tokens, `{}` and `{}`", id, tokens[id], token));
    exists[id] = 1;
    tokens[id] = token;
    ids.emplace(token, id);
  }
}

void Bpe::Tables::read_merges(const Component& model) {
  const Json& list = model.list("merges");
  merges = MergeTable(list.size());
  int32_t rank = 0;
  for (const Json& item : list) {
    if (item.is_string() && item.get_ref<const std::string&>().starts_with("#version")) continue;
    const auto [left, right] = read_pair(item, model);
    const auto a = ids.find(left), b = ids.find(right), whole = ids.find(left + right);
    if (a == ids.end() || b == ids.end() || whole == ids.end()) {
      model.fail(fmt::format("merges: `{}` + `{}`: one of the tokens is not in the vocabulary", left, right));
    }
    if (!special.contains(whole->second)) merges.put(pair_key(a->second, b->second), {rank, whole->second});
    ++rank;
  }
}

// Text of a user must not become a special token by way of the model either. A single character is left
// alone: some vocabularies declare ordinary characters special.
std::optional<int32_t> Bpe::Tables::ordinary_id(std::string_view token) const {
  const auto found = ids.find(token);
  if (found == ids.end() || special.contains(found->second)) return std::nullopt;
  return found->second;
}

bool Bpe::Tables::append_bytes(std::string_view character, std::vector<int32_t>& out) const {
  for (const char byte : character) {
    if (byte_ids[static_cast<uint8_t>(byte)] < 0) return false;
  }
  for (const char byte : character) out.push_back(byte_ids[static_cast<uint8_t>(byte)]);
  return true;
}

std::vector<int32_t> Bpe::Tables::symbols(std::string_view word) const {
  std::vector<int32_t> out;
  out.reserve(word.size());
  bool pending_unknown = false;  // written late, as the reference does: byte fallback may overtake it
  for (std::size_t i = 0; i < word.size();) {
    const std::size_t begin = i;
    next_character(word, i);
    const std::string_view character = word.substr(begin, i - begin);
    if (const auto found = ids.find(character); found != ids.end()) {
      if (pending_unknown) out.push_back(*unknown);
      pending_unknown = false;
      out.push_back(found->second);
      continue;
    }
    if (byte_fallback && append_bytes(character, out)) continue;
    if (!unknown) continue;  // the reference drops the character
    if (pending_unknown && !fuse_unknown) out.push_back(*unknown);
    pending_unknown = true;
  }
  if (pending_unknown) out.push_back(*unknown);
  return out;
}

Bpe::Bpe(const Json& model_json, const std::unordered_set<std::string>& special, std::string_view place) {
  const Component model(model_json, fmt::format("{}: model", place));
  const bool old_style = model_json.contains("merges") && model_json.contains("vocab");
  const std::string type = model.type(old_style ? "BPE" : "");
  if (type != "BPE") model.fail(unknown_name("type", type, {"BPE"}), "only byte-pair encoding is implemented");
  model.allow({"vocab", "merges", "ignore_merges", "byte_fallback", "unk_token", "fuse_unk", "dropout",
               "continuing_subword_prefix", "end_of_word_suffix"});
  model.refuse("dropout", "random merges would make ids differ from run to run");
  model.refuse("continuing_subword_prefix", "no public chat model uses it");
  model.refuse("end_of_word_suffix", "no public chat model uses it");
  auto tables = std::make_unique<Tables>();
  tables->read_vocabulary(model);
  for (const auto& token : special) {
    const auto found = tables->ids.find(token);
    if (found != tables->ids.end() && count_characters(token) > 1) tables->special.insert(found->second);
  }
  tables->read_merges(model);
  tables->ignore_merges = model.boolean("ignore_merges", false);
  tables->byte_fallback = model.boolean("byte_fallback", false);
  tables->fuse_unknown = model.boolean("fuse_unk", false);
  for (std::size_t byte = 0; byte < 256; ++byte) {
    const auto found = tables->ids.find(fmt::format("<0x{:02X}>", byte));
    tables->byte_ids[byte] = found == tables->ids.end() ? -1 : found->second;
  }
  if (model.has("unk_token")) {
    const std::string token = model.string("unk_token");
    const auto found = tables->ids.find(token);
    if (found == tables->ids.end()) model.fail(fmt::format("unk_token `{}` is not in the vocabulary", token));
    tables->unknown = found->second;
  }
  tables_ = std::move(tables);
}

Bpe::~Bpe() = default;

void Bpe::encode(std::string_view word, std::vector<int32_t>& ids) const {
  if (word.empty()) return;
  if (tables_->ignore_merges) {
    if (const auto id = tables_->ordinary_id(word)) {
      ids.push_back(*id);
      return;
    }
  }
  const bool cacheable = word.size() <= kMaxCachedWord;
  if (cacheable && tables_->cache.find(word, ids)) return;
  std::vector<int32_t> merged;
  Merger(tables_->merges, tables_->symbols(word)).run(merged);
  ids.insert(ids.end(), merged.begin(), merged.end());
  if (cacheable) tables_->cache.put(word, std::move(merged));
}

std::optional<int32_t> Bpe::id_of(std::string_view token) const {
  const auto found = tables_->ids.find(token);
  return found == tables_->ids.end() ? std::nullopt : std::optional(found->second);
}

std::string_view Bpe::token(int32_t id) const {
  return id >= 0 && id < size() ? std::string_view(tables_->tokens[id]) : std::string_view();
}

int32_t Bpe::size() const { return static_cast<int32_t>(tables_->tokens.size()); }
int32_t Bpe::entries() const { return static_cast<int32_t>(tables_->ids.size()); }

}  // namespace dormouse::text
