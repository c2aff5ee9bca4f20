// Every fused operation beside its plain twin: values and gradients, in fp32 and bf16.
#include "engine/nn/ops.h"

#include <gtest/gtest.h>

#include "engine/nn/packed_matrix.h"

namespace dormouse::nn {
namespace {

Tensor random(std::vector<int64_t> shape, at::ScalarType type) {
  return at::randn(shape, at::kDouble).to(type).requires_grad_(true);
}

// Largest difference, relative to the largest value.
double distance(const Tensor& a, const Tensor& b) {
  const Tensor x = a.to(at::kDouble), y = b.to(at::kDouble);
  return ((x - y).abs().max() / (y.abs().max() + 1e-6)).item<double>();
}

// Runs both on leaf copies of `inputs`, pulls the same random gradient back, and compares.
template <class Fused, class Plain>
void expect_twins(const std::vector<Tensor>& inputs, double tolerance, Fused fused, Plain plain) {
  std::vector<Tensor> first, second;
  for (const auto& input : inputs) {
    first.push_back(input.detach().clone().requires_grad_(true));
    second.push_back(input.detach().clone().requires_grad_(true));
  }
  const Tensor a = fused(first), b = plain(second);
  EXPECT_LT(distance(a, b), tolerance);
  const Tensor pull = at::randn(b.sizes()).to(b.scalar_type());
  a.backward(pull);
  b.backward(pull);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    EXPECT_LT(distance(first[i].grad(), second[i].grad()), tolerance) << "gradient of input " << i;
  }
}

class Twins : public testing::TestWithParam<at::ScalarType> {
 protected:
  void SetUp() override { at::manual_seed(1); }
  at::ScalarType type() const { return GetParam(); }
  // bf16 keeps 8 bits, and the twins round in other places.
  double tolerance() const { return type() == at::kFloat ? 2e-6 : 2e-2; }
};

TEST_P(Twins, RmsNorm) {
  expect_twins(
      {random({37, 24}, type()), random({24}, type())}, tolerance(),
      [](const auto& in) { return rms_norm(in[0], in[1], 1e-5); },
      [](const auto& in) { return plain::rms_norm(in[0], in[1], 1e-5); });
}

TEST_P(Twins, Swiglu) {
  expect_twins(
      {random({37, 80}, type())}, tolerance(), [](const auto& in) { return swiglu(in[0]); },
      [](const auto& in) { return plain::swiglu(in[0]); });
}

TEST_P(Twins, Gelu) {
  expect_twins(
      {random({37, 40}, type())}, tolerance(), [](const auto& in) { return nn::gelu(in[0]); },
      [](const auto& in) { return plain::gelu(in[0]); });
}

TEST(Gelu, BitsDoNotDependOnTheBatch) {
  const at::NoGradGuard no_gradient;
  const Tensor x = at::randn({301, 7});
  EXPECT_TRUE(at::equal(nn::gelu(x).narrow(0, 0, 3), nn::gelu(x.narrow(0, 0, 3).contiguous())));
}

TEST_P(Twins, SplitRotate) {
  const Tensor positions = at::tensor(std::vector<int64_t>{0, 1, 2, 3, 0, 1, 500}, at::kLong);
  const RotaryTable table = rotary_table(512, 8, 8, 10000);
  const auto all = [](const Heads& heads) {
    return at::cat({heads.q.flatten(1), heads.k.flatten(1), heads.v.flatten(1)}, 1);
  };
  expect_twins(
      {random({7, (6 + 2 * 2) * 8}, type())}, tolerance(),
      [&](const auto& in) { return all(split_rotate(in[0], positions, table, 6, 2)); },
      [&](const auto& in) { return all(plain::split_rotate(in[0], positions, table, 6, 2)); });
}

TEST_P(Twins, PackedAttention) {
  // One document longer than a block of queries, one of a single token.
  const std::vector<Document> documents{{0, 5}, {5, 300}, {305, 1}, {306, 40}};
  expect_twins(
      {random({346, 6, 8}, type()), random({346, 2, 8}, type()), random({346, 2, 8}, type())}, tolerance(),
      [&](const auto& in) {
        return packed_attention({in[0], in[1], in[2]}, documents);
      },
      [&](const auto& in) {
        return plain::packed_attention({in[0], in[1], in[2]}, documents);
      });
}

TEST_P(Twins, PackedAttentionWithSharedBeginnings) {
  // A root of 20 rows; two documents go on from it, one of them longer than a block; a third goes on from the first;
  // one stands alone.
  const std::vector<Document> documents{{0, 20}, {20, 7, 0}, {27, 280, 0}, {307, 9, 1}, {316, 4}};
  expect_twins(
      {random({320, 6, 8}, type()), random({320, 2, 8}, type()), random({320, 2, 8}, type())}, tolerance(),
      [&](const auto& in) {
        return packed_attention({in[0], in[1], in[2]}, documents);
      },
      [&](const auto& in) {
        return plain::packed_attention({in[0], in[1], in[2]}, documents);
      });
}

INSTANTIATE_TEST_SUITE_P(Precision, Twins, testing::Values(at::kFloat, at::kBFloat16),
                         [](const auto& precision) { return precision.param == at::kFloat ? "f32" : "bf16"; });

TEST(PackedAttention, NeitherLooksAheadNorAcrossDocuments) {
  at::manual_seed(2);
  const std::vector<Document> documents{{0, 4}, {4, 4}};
  Heads heads{at::randn({8, 6, 8}), at::randn({8, 2, 8}), at::randn({8, 2, 8})};
  const Tensor before = packed_attention(heads, documents);
  heads.k[5].fill_(9);
  heads.v[5].fill_(9);
  const Tensor after = packed_attention(heads, documents);
  const Tensor changed = (before - after).abs().amax(1);
  for (int64_t t = 0; t < 8; ++t) EXPECT_EQ(changed[t].item<float>() > 0, t >= 5) << "row " << t;
}

TEST(Rotary, KeepsLengthsAndDependsOnDistanceAlone) {
  const RotaryTable table = rotary_table(64, 8, 8, 10000);
  at::manual_seed(3);
  const Tensor q = at::randn({8}), k = at::randn({8});
  const auto score = [&](int64_t at_q, int64_t at_k) {
    const Tensor qkv = at::cat({q, k, k}).unsqueeze(0);
    const Heads first = split_rotate(qkv, at::tensor(std::vector<int64_t>{at_q}, at::kLong), table, 1, 1);
    const Heads second = split_rotate(qkv, at::tensor(std::vector<int64_t>{at_k}, at::kLong), table, 1, 1);
    EXPECT_NEAR(first.q.norm().item<float>(), q.norm().item<float>(), 1e-5);
    return (first.q * second.k).sum().item<float>();
  };
  EXPECT_NEAR(score(3, 1), score(40, 38), 1e-4);
  EXPECT_GT(std::abs(score(3, 1) - score(1, 3)), 1e-3);  // the sign of the angle matters
}

// As fp32, and as a matrix that bf16 holds exactly.
Tensor weights(int64_t outputs, int64_t inputs, bool in_bf16) {
  const Tensor made = at::randn({outputs, inputs});
  return in_bf16 ? made.to(at::kBFloat16).to(at::kFloat) : made;
}

Tensor product(const PackedMatrix& packed, const Tensor& x) {
  Tensor y = at::empty({x.size(0), packed.outputs()});
  packed.multiply(x.const_data_ptr<float>(), x.size(0), y.mutable_data_ptr<float>());
  return y;
}

TEST(PackedMatrix, AgreesWithAProductInDoublePrecision) {
  at::manual_seed(4);
  for (const bool in_bf16 : {false, true}) {
    for (const int64_t outputs : {16, 50, 7}) {
      const Tensor weight = weights(outputs, 33, in_bf16), x = at::randn({13, 33});
      const PackedMatrix packed(weight.const_data_ptr<float>(), outputs, 33);
      EXPECT_EQ(packed.is_bf16(), in_bf16);
      EXPECT_LT(distance(product(packed, x), at::linear(x.to(at::kDouble), weight.to(at::kDouble))), 1e-6);
    }
  }
}

TEST(PackedMatrix, GivesARowTheSameBitsInEveryBatch) {
  at::manual_seed(5);
  for (const bool in_bf16 : {false, true}) {
    const Tensor weight = weights(50, 333, in_bf16), x = at::randn({29, 333});
    const PackedMatrix packed(weight.const_data_ptr<float>(), 50, 333);
    const Tensor all = product(packed, x);
    for (int64_t rows = 1; rows <= 29; ++rows) {
      EXPECT_TRUE(at::equal(product(packed, x.narrow(0, 0, rows)), all.narrow(0, 0, rows))) << rows << " rows";
    }
  }
}

TEST(PackedMatrix, GivesTheSameBitsWhetherBf16HoldsItOrNot) {
  at::manual_seed(6);
  const Tensor weight = weights(33, 64, /*in_bf16=*/true), x = at::randn({9, 64});
  const PackedMatrix narrow(weight.const_data_ptr<float>(), 32, 64);
  weight[32][0] = 1.0f / 3.0f;
  const PackedMatrix wide(weight.const_data_ptr<float>(), 33, 64);
  ASSERT_TRUE(narrow.is_bf16());
  ASSERT_FALSE(wide.is_bf16());
  EXPECT_TRUE(at::equal(product(narrow, x), product(wide, x).narrow(1, 0, 32)));
}

}  // namespace
}  // namespace dormouse::nn
