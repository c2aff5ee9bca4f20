#include "engine/sample/pool_cache.h"

#include <algorithm>
#include <limits>
#include <span>

#include "core/base/error.h"

namespace dormouse::sample {

namespace {

using nn::Tensor;

constexpr int64_t kQueryBlock = 512;     // rows of a prompt that meet their keys at once
constexpr int64_t kMostPairs = 1 << 23;  // of queries and keys in one product, padding counted

}  // namespace

struct PoolCache::Pool {
  at::TensorOptions like;
  int64_t groups, size, slots = 0;
  std::vector<Tensor> keys, values;  // [slots, G, D], one a layer
  std::vector<int64_t> free;

  void grow(int64_t more) {
    for (auto* kind : {&keys, &values}) {
      for (auto& layer : *kind) layer = at::cat({layer, at::empty({more, groups, size}, like)});
    }
    for (int64_t slot = slots + more; slot > slots; --slot) free.push_back(slot - 1);
    slots += more;
  }

  std::vector<int64_t> take(int64_t count) {
    const auto there = static_cast<int64_t>(free.size());
    if (there < count) grow(std::max({count - there, slots, int64_t{1024}}));
    std::vector<int64_t> taken(free.rbegin(), free.rbegin() + count);
    free.resize(free.size() - static_cast<std::size_t>(count));
    return taken;
  }
};

namespace {

struct PoolSegment : KvSegment {
  PoolSegment(std::shared_ptr<PoolCache::Pool> of, int64_t capacity)
      : KvSegment(capacity), pool(std::move(of)), slots(pool->take(capacity)) {}
  ~PoolSegment() override { pool->free.insert(pool->free.end(), slots.begin(), slots.end()); }

  std::shared_ptr<PoolCache::Pool> pool;
  std::vector<int64_t> slots;
};

const std::vector<int64_t>& slots_of(const std::shared_ptr<KvSegment>& segment) {
  return static_cast<const PoolSegment&>(*segment).slots;
}

// Some rows of a chunk, and how many keys the last of them sees.
struct Block {
  const Chunk* chunk;
  int64_t first, rows, keys;
};

std::vector<Block> blocks_of(const std::vector<Chunk>& chunks) {
  std::vector<Block> blocks;
  for (const auto& chunk : chunks) {
    const int64_t before = chunk.context_tokens() + chunk.own->tokens();
    for (int64_t first = 0; first < chunk.length; first += kQueryBlock) {
      const int64_t rows = std::min(kQueryBlock, chunk.length - first);
      blocks.push_back({&chunk, first, rows, before + first + rows});
    }
  }
  return blocks;
}

// Blocks that meet their keys in one product, padded to the largest of them.
struct Group {
  std::vector<Block> blocks;
  int64_t queries = 0, keys = 0;
  Tensor rows, slots, mask;  // [blocks * queries], [blocks * keys], [blocks, 1, H/G * queries, keys]

  int64_t count() const { return static_cast<int64_t>(blocks.size()); }
  bool takes(const Block& block) const {
    const int64_t most = std::max(keys, block.keys), rows_then = std::max(queries, block.rows);
    // Blocks come by rising numbers of rows: at worst half of the queries are padding.
    return blocks.empty() || (block.rows <= 2 * blocks.front().rows && (count() + 1) * rows_then * most <= kMostPairs);
  }
  void add(const Block& block) {
    blocks.push_back(block);
    queries = std::max(queries, block.rows);
    keys = std::max(keys, block.keys);
  }
};

std::vector<Group> groups_of(std::vector<Block> blocks) {
  std::stable_sort(blocks.begin(), blocks.end(), [](const Block& a, const Block& b) { return a.rows < b.rows; });
  std::vector<Group> groups;
  for (const auto& block : blocks) {
    if (groups.empty() || !groups.back().takes(block)) groups.emplace_back();
    groups.back().add(block);
  }
  return groups;
}

void append_slots(const Block& block, std::vector<int64_t>& slots, int64_t padded) {
  const std::size_t begin = slots.size();
  for (const auto& segment : block.chunk->context) {
    slots.insert(slots.end(), slots_of(segment).begin(), slots_of(segment).end());
  }
  const auto own = block.keys - static_cast<int64_t>(slots.size() - begin);
  const auto& tail = slots_of(block.chunk->own);
  slots.insert(slots.end(), tail.begin(), tail.begin() + own);
  // A slot that holds numbers: the mask hides it, but 0 times what memory happens to hold need not be 0.
  const int64_t filler = slots[begin];
  slots.resize(begin + static_cast<std::size_t>(padded), filler);
}

Tensor index(const std::vector<int64_t>& values, const at::Device& device) {
  return at::tensor(values, at::kLong).to(device);
}

// What the blocks of a group read, the same for all layers.
void lay_out(Group& group, int64_t heads_per_group, const at::TensorOptions& like) {
  std::vector<int64_t> rows, slots, seen;
  for (const auto& block : group.blocks) {
    for (int64_t i = 0; i < group.queries; ++i) {
      const int64_t row = std::min(i, block.rows - 1);  // padding repeats the last row
      rows.push_back(block.chunk->begin + block.first + row);
      seen.push_back(block.keys - block.rows + row + 1);
    }
    append_slots(block, slots, group.keys);
  }
  group.rows = index(rows, like.device());
  group.slots = index(slots, like.device());
  const Tensor limits = index(seen, like.device()).view({group.count(), 1, group.queries, 1});
  const Tensor hidden = at::arange(group.keys, limits.options()).ge(limits);
  group.mask = at::zeros(hidden.sizes(), like)
                   .masked_fill_(hidden, -std::numeric_limits<double>::infinity())
                   .repeat({1, 1, heads_per_group, 1});
}

class PoolAttention : public CachedAttention {
 public:
  PoolAttention(std::shared_ptr<PoolCache::Pool> pool, std::vector<Chunk> batch)
      : CachedAttention(std::move(batch)), pool_(std::move(pool)), groups_(groups_of(blocks_of(chunks()))) {}

  Tensor attend(int64_t layer, const nn::Heads& heads) override {
    const int64_t per_group = heads.q.size(1) / pool_->groups;
    if (!written_.defined()) lay_out_all(heads.q.size(0), per_group);
    Tensor &keys = pool_->keys[static_cast<std::size_t>(layer)],
           &values = pool_->values[static_cast<std::size_t>(layer)];
    keys.index_copy_(0, written_, heads.k);
    values.index_copy_(0, written_, heads.v);
    Tensor out = at::empty({heads.q.size(0), heads.q.size(1) * pool_->size}, heads.q.options());
    for (const auto& group : groups_)
      out.index_copy_(0, group.rows, attend_group(group, heads.q, keys, values, per_group));
    return out;
  }

 private:
  void lay_out_all(int64_t rows, int64_t per_group) {
    std::vector<int64_t> slots(static_cast<std::size_t>(rows));
    for (const auto& chunk : chunks()) {
      const auto from = slots_of(chunk.own).begin() + chunk.own->tokens();
      std::copy(from, from + chunk.length, slots.begin() + chunk.begin);
    }
    written_ = index(slots, pool_->like.device());
    for (auto& group : groups_) lay_out(group, per_group, pool_->like);
  }

  // The heads of a key/value group stand below each other, as further queries of its keys.
  Tensor attend_group(const Group& group, const Tensor& q, const Tensor& keys, const Tensor& values,
                      int64_t per_group) const {
    const int64_t n = group.count(), groups = pool_->groups, size = pool_->size;
    const Tensor queries = q.index_select(0, group.rows)
                               .view({n, group.queries, groups, per_group, size})
                               .permute({0, 2, 3, 1, 4})
                               .reshape({n, groups, per_group * group.queries, size});
    const auto gather = [&](const Tensor& x) {
      return x.index_select(0, group.slots).view({n, group.keys, groups, size}).transpose(1, 2);
    };
    const Tensor result = at::scaled_dot_product_attention(queries, gather(keys), gather(values), group.mask);
    return result.reshape({n, groups, per_group, group.queries, size})
        .permute({0, 3, 1, 2, 4})
        .reshape({n * group.queries, -1});
  }

  std::shared_ptr<PoolCache::Pool> pool_;
  std::vector<Group> groups_;
  Tensor written_;  // slot of each row of the batch
};

}  // namespace

PoolCache::PoolCache(int64_t layers, int64_t groups, int64_t size, const at::TensorOptions& like)
    : pool_(std::make_shared<Pool>(Pool{like, groups, size, 0, {}, {}, {}})) {
  for (auto* kind : {&pool_->keys, &pool_->values}) {
    for (int64_t layer = 0; layer < layers; ++layer) kind->push_back(at::empty({0, groups, size}, like));
  }
}

std::shared_ptr<KvSegment> PoolCache::segment(int64_t capacity) {
  return std::make_shared<PoolSegment>(pool_, capacity);
}

std::unique_ptr<CachedAttention> PoolCache::attention(std::vector<Chunk> chunks) {
  return std::make_unique<PoolAttention>(pool_, std::move(chunks));
}

}  // namespace dormouse::sample
