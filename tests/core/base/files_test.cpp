#include "core/base/files.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>

#include "core/base/error.h"

namespace dormouse {
namespace {

class Files : public testing::Test {
 protected:
  Files() {
    std::string name = (fs::temp_directory_path() / "dormouse-files-XXXXXX").string();
    DORMOUSE_ASSERT(::mkdtemp(name.data()) != nullptr);
    folder_ = name;
  }
  ~Files() override { fs::remove_all(folder_); }

  fs::path folder_;
};

std::string message_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST_F(Files, AWriteThatFailsNamesTheFileThatWasAskedFor) {
  const fs::path path = folder_ / "no" / "such.txt";
  const std::string message = message_of([&] { write_file(path, "x"); });
  EXPECT_TRUE(message.starts_with(path.string() + ": opening for writing failed")) << message;
}

TEST_F(Files, PackedOrNotTheNameDoesNotMatter) {
  write_gzip(folder_ / "packed", "a\nb");
  write_file(folder_ / "plain.gz", "a\nb");
  for (const char* name : {"packed", "plain.gz"}) EXPECT_EQ(read_packed(folder_ / name, 100), "a\nb") << name;
  EXPECT_EQ(split_lines("a\r\n\nb"), (std::vector<std::string>{"a", "", "b"}));
}

TEST_F(Files, WhatCannotBeUnpackedSaysWhatToDo) {
  const fs::path path = folder_ / "packed";
  write_gzip(path, std::string(1000, 'a') + "b");
  EXPECT_NE(message_of([&] { read_packed(path, 1000); }).find("unpacks to more than 1000 bytes"), std::string::npos);
  const std::string whole = read_file(path);
  write_file(path, whole.substr(0, whole.size() - 4));
  EXPECT_NE(message_of([&] { read_packed(path, 2000); }).find("next: get the file again"), std::string::npos);
  EXPECT_NE(message_of([&] { read_packed(folder_, 100); }).find("is a folder, expected a file"), std::string::npos);
  EXPECT_NE(message_of([&] { read_packed(folder_ / "none", 100); }).find("next: check the path"), std::string::npos);
}

}  // namespace
}  // namespace dormouse
