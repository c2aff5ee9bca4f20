#include "engine/weights/safetensors.h"

#include <gtest/gtest.h>

#include "engine/weights/expect_error.h"
#include "engine/weights/temporary_folder.h"
#include "engine/weights/tiny_model.h"

namespace dormouse::weights {
namespace {

using tiny::bytes_of;

std::string file_of(const std::string& header, std::size_t data) {
  std::string file;
  tiny::put<uint64_t>(file, header.size());
  return file + header + std::string(data, '\1');
}

void check_safetensors(const std::string& file) { Safetensors(bytes_of(file), "f"); }

std::string entry(const char* name, const char* dtype, const char* shape, const char* offsets) {
  return std::string("\"") + name + R"(":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" +
         offsets + "}";
}

TEST(Safetensors, WhatIsWrittenReadsBackBitForBit) {
  const TemporaryFolder folder;
  const std::string floats("\0\0\200\177\1\0\0\0\377\377\377\377", 12), halves("abcdef", 6), bytes("xyz", 3);
  const std::map<std::string, NamedTensor> tensors = {{"z", {{3, 1}, DType::kF32, bytes_of(floats)}},
                                                      {"a", {{3}, DType::kU8, bytes_of(bytes)}},
                                                      {"m", {{3}, DType::kBF16, bytes_of(halves)}},
                                                      {"empty", {{0, 7}, DType::kF32, {}}},
                                                      {"scalar", {{}, DType::kF32, bytes_of(floats).first(4)}}};
  const fs::path path = folder.path() / "x.safetensors";
  write_safetensors(path, tensors, {{"note", "n\"1"}});
  const std::string first = read_file(path);
  const SafetensorsFiles files({path});
  EXPECT_EQ(files.tensors().size(), tensors.size());
  for (const auto& [name, tensor] : tensors) {
    const NamedTensor& read = files.tensor(name);
    EXPECT_EQ(read.shape, tensor.shape);
    EXPECT_EQ(read.dtype, tensor.dtype);
    EXPECT_TRUE(std::equal(read.bytes.begin(), read.bytes.end(), tensor.bytes.begin(), tensor.bytes.end())) << name;
    const auto offset = reinterpret_cast<uintptr_t>(read.bytes.data());
    EXPECT_TRUE(read.bytes.empty() || offset % size_of(read.dtype) == 0) << name;
  }
  const Safetensors container(bytes_of(first), "x");
  EXPECT_EQ(container.metadata().at("note"), "n\"1");
  EXPECT_EQ(container.metadata().at("format"), "pt");

  write_safetensors(path, tensors, {{"note", "n\"1"}});
  EXPECT_EQ(read_file(path), first);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 1);  // no temporary file is left
}

TEST(Safetensors, FloatsReadAsF32AndIntegersDoNot) {
  const TemporaryFolder folder;
  const uint16_t halves[] = {0x3C00, 0xC000};
  const int32_t ints[] = {1};
  const fs::path path = folder.path() / "x.safetensors";
  write_safetensors(path, {{"h", {{2}, DType::kF16, std::as_bytes(std::span(halves))}},
                           {"i", {{1}, DType::kI32, std::as_bytes(std::span(ints))}}});
  const SafetensorsFiles files({path});
  std::vector<float> out(2);
  files.read_f32("h", out);
  EXPECT_EQ(out, (std::vector<float>{1, -2}));
  EXPECT_INPUT_ERROR(files.read_f32("i", std::span(out).first(1)), "holds I32, expected floats");
  EXPECT_INPUT_ERROR(files.read_f32("j", out), "no tensor `j`");
  EXPECT_INPUT_ERROR(SafetensorsFiles({path, path}), "is also in");
}

TEST(Safetensors, CutShortAnywhereItIsRefused) {
  const std::string file =
      file_of("{" + entry("a", "F32", "[2]", "[0,8]") + "," + entry("b", "BF16", "[1]", "[8,10]") + "}  ", 10);
  EXPECT_NO_THROW(check_safetensors(file));
  for (std::size_t length = 0; length < file.size(); ++length)
    EXPECT_THROW(check_safetensors(file.substr(0, length)), Error) << length;
  EXPECT_INPUT_ERROR(check_safetensors(file + "x"), "1 bytes at the end belong to no tensor");
}

TEST(Safetensors, OddHeadersAreRefused) {
  std::string lying = file_of("{}", 0);
  lying[7] = '\x7f';
  EXPECT_INPUT_ERROR(check_safetensors(lying), "says its header has");
  EXPECT_INPUT_ERROR(check_safetensors(file_of(" {}", 0)), "does not begin with");
  EXPECT_INPUT_ERROR(check_safetensors(file_of("[]", 0)), "does not begin with");
  EXPECT_INPUT_ERROR(check_safetensors(file_of("", 0)), "does not begin with");
  EXPECT_INPUT_ERROR(check_safetensors(file_of("{]", 0)), "not valid JSON");
  EXPECT_INPUT_ERROR(check_safetensors(file_of(R"({"a":1})", 0)), "expected a JSON object");
  EXPECT_INPUT_ERROR(check_safetensors(file_of(R"({"__metadata__":{"a":1}})", 0)), "expected a string");
  EXPECT_INPUT_ERROR(check_safetensors(file_of(R"({"__metadata__":[]})", 0)), "object of strings");
  const std::string a = entry("a", "U8", "[1]", "[0,1]");
  EXPECT_INPUT_ERROR(check_safetensors(file_of("{" + a + "," + a + "}", 1)), "duplicate");
}

TEST(Safetensors, OddTensorsAreRefused) {
  struct Case {
    const char *dtype, *shape, *offsets, *part;
  };
  for (const Case& test : std::vector<Case>{{"F32", "[1]", "[0,8]", "takes 4 bytes"},
                                            {"F32", "[2]", "[0,4]", "takes 8 bytes"},
                                            {"F8_E4M3", "[8]", "[0,8]", "`F8_E4M3` is not supported"},
                                            {"U8", "[-8]", "[0,8]", "whole number"},
                                            {"U8", "[8.0]", "[0,8]", "whole number"},
                                            {"U8", "8", "[0,8]", "`shape`"},
                                            {"U8", "[8]", "[0]", "two numbers"},
                                            {"U8", "[8]", "[8,0]", "not inside"},
                                            {"U8", "[9]", "[0,9]", "not inside"},
                                            {"U8", "[8]", "[-1,8]", "whole number"},
                                            {"U8", "[8]", "[0,18446744073709551615]", "not inside"},
                                            {"U8", "[4294967296,4294967296]", "[0,0]", "too large"},
                                            {"F32", "[4611686018427387904]", "[0,0]", "too large"},
                                            {"U8", "[18446744073709551615]", "[0,8]", "too large"},
                                            {"U8", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,8]", "[0,8]", "at most 16"},
                                            {"U8", "[7]", "[1,8]", "hole"},
                                            {"U8", "[7]", "[0,7]", "at the end"}}) {
    EXPECT_INPUT_ERROR(check_safetensors(file_of("{" + entry("t", test.dtype, test.shape, test.offsets) + "}", 8)),
                       test.part);
  }
  EXPECT_INPUT_ERROR(check_safetensors(file_of(
                         "{" + entry("a", "U8", "[5]", "[0,5]") + "," + entry("b", "U8", "[4]", "[4,8]") + "}", 8)),
                     "overlap at byte 4");
  EXPECT_INPUT_ERROR(check_safetensors(file_of(
                         "{" + entry("a", "U8", "[3]", "[0,3]") + "," + entry("b", "U8", "[4]", "[4,8]") + "}", 8)),
                     "hole at byte 3");
}

}  // namespace
}  // namespace dormouse::weights
