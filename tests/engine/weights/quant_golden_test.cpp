// Blocks of every GGUF type against the values that the `gguf` Python package gives
// (tests/golden/make_weights_goldens.py).
#include <gtest/gtest.h>

#include <bit>
#include <cstring>

#include "core/base/files.h"
#include "core/base/json.h"
#include "engine/weights/quant.h"

namespace dormouse::weights {
namespace {

std::vector<std::byte> from_hex(const std::string& hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<std::byte>(digit(hex[i]) * 16 + digit(hex[i + 1])));
  }
  return bytes;
}

TEST(QuantGolden, EveryTypeIsBitEqualToThePythonPackage) {
  const std::string path = std::string(DORMOUSE_SOURCE_DIR) + "/tests/golden/weights_blocks.json";
  const Json golden = parse_json(read_file(path), path);
  ASSERT_EQ(golden["cases"].size(), 11u);
  for (const Json& test : golden["cases"]) {
    SCOPED_TRACE(test["name"].get<std::string>());
    const auto blocks = from_hex(test["blocks"].get<std::string>());
    const auto expected_bytes = from_hex(test["f32"].get<std::string>());
    std::vector<float> expected(expected_bytes.size() / sizeof(float)), values(expected.size());
    std::memcpy(expected.data(), expected_bytes.data(), expected_bytes.size());

    const BlockType& type = block_type(test["id"].get<uint32_t>(), "golden");
    EXPECT_EQ(type.name, test["name"].get<std::string>());
    dequantise(type, blocks, values);
    for (std::size_t i = 0; i < values.size(); ++i) {
      ASSERT_EQ(std::bit_cast<uint32_t>(values[i]), std::bit_cast<uint32_t>(expected[i])) << "element " << i;
    }
  }
}

}  // namespace
}  // namespace dormouse::weights
