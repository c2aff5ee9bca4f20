#include "lab/store/archive.h"

#include <gtest/gtest.h>

#include <functional>

#include "core/base/hash.h"
#include "lab/toy_kinds.h"

namespace dormouse::lab {
namespace {

bool keeps(const std::string& name) { return !name.ends_with(".safetensors"); }

std::string put(Store& store, const Json& identity) {
  const std::string hash = sha256(canonical_json(identity));
  Manifest manifest = {.identity = identity, .program_version = "1", .cpu = "a processor"};
  const fs::path out = store.begin(hash) / "out";
  write_file(out / "rows.jsonl", "{\"text\": \"caf\u00e9\"}\n");
  make_folders(out / "model");
  write_file(out / "model" / "model.safetensors", "weights");
  write_file(out / "model" / "config.json", "{}");
  store.commit(hash, manifest);
  return hash;
}

class Archive : public testing::Test {
 protected:
  Archive() : from_(box_.folder / "from"), to_(box_.folder / "to"), file_(box_.folder / "results.jsonl.gz") {}

  ArchiveCount write() { return write_archive(from_, {hash_, other_, hash_, std::string(64, '0')}, keeps, file_); }
  /// With one of its lines changed.
  void rewrite(std::size_t line, const std::function<void(Json&)>& change) {
    auto lines = read_lines(file_);
    Json json = parse_json(lines.at(line), "test");
    change(json);
    lines[line] = canonical_json(json);
    std::string text;
    for (const auto& one : lines) text += one + "\n";
    write_gzip(file_, text);
  }
  std::string refusal() {
    try {
      read_archive(file_, to_);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      return error.what();
    }
    ADD_FAILURE() << "no error";
    return "";
  }

  toy::Sandbox box_;
  Store from_, to_;
  fs::path file_;
  std::string hash_ = put(from_, "x"), other_ = put(from_, "y");
};

TEST_F(Archive, BringsTheResultsAndLeavesTheWeights) {
  EXPECT_EQ(write().objects, 2);
  EXPECT_EQ(read_archive(file_, to_).objects, 2);
  const auto manifest = to_.verified(hash_);
  ASSERT_TRUE(manifest);
  EXPECT_FALSE(is_whole(*manifest));
  EXPECT_EQ(manifest->cpu, "a processor");
  EXPECT_TRUE(manifest->files.at("model/model.safetensors").dropped);
  EXPECT_EQ(manifest->files.at("model/model.safetensors").sha256, sha256("weights"));
  EXPECT_EQ(read_file(to_.object(hash_) / "rows.jsonl"), read_file(from_.object(hash_) / "rows.jsonl"));
  EXPECT_FALSE(fs::exists(to_.object(hash_) / "model" / "model.safetensors"));
}

TEST_F(Archive, TheSameObjectsGiveTheSameBytes) {
  write();
  const std::string first = sha256_file(file_);
  write();
  EXPECT_EQ(sha256_file(file_), first);
  // Through another store too: nothing of it is in the file.
  read_archive(file_, to_);
  write_archive(to_, {other_, hash_}, keeps, file_);
  EXPECT_EQ(sha256_file(file_), first);
}

TEST_F(Archive, LeavesAloneWhatIsThereOrBeingMade) {
  write();
  put(to_, "x");
  to_.begin(other_);
  const ArchiveCount count = read_archive(file_, to_);
  EXPECT_EQ(count.objects, 0);
  EXPECT_EQ(count.present, 2);
  EXPECT_TRUE(is_whole(*to_.find(hash_)));
  EXPECT_FALSE(to_.find(other_));
}

TEST_F(Archive, RefusesAnotherIdentity) {
  write();
  rewrite(1, [](Json& line) { line["manifest"]["identity"] = "z"; });
  EXPECT_NE(refusal().find("results.jsonl.gz:2"), std::string::npos);
}

TEST_F(Archive, RefusesChangedRows) {
  write();
  rewrite(2, [](Json& line) { line["files"]["rows.jsonl"] = "{}\n"; });
  EXPECT_NE(refusal().find("`rows.jsonl` is not as its manifest says"), std::string::npos);
}

TEST_F(Archive, RefusesMissingRows) {
  write();
  rewrite(1, [](Json& line) { line["files"].erase("rows.jsonl"); });
  EXPECT_NE(refusal().find("`rows.jsonl` is missing"), std::string::npos);
}

TEST_F(Archive, RefusesMissingLines) {
  write();
  rewrite(0, [](Json& head) { head["objects"] = 3; });
  EXPECT_NE(refusal().find("announces 3 artefacts, and 2 follow"), std::string::npos);
}

class ArchivePath : public Archive, public testing::WithParamInterface<const char*> {};

TEST_P(ArchivePath, ThatLeadsOutIsRefused) {
  write();
  rewrite(1, [](Json& line) {
    line["files"][GetParam()] = "x";
    line["manifest"]["files"][GetParam()] = {{"size", 1}, {"sha256", sha256("x")}};
  });
  EXPECT_NE(refusal().find("is no path within an artefact"), std::string::npos);
  EXPECT_FALSE(fs::exists(box_.folder / "escaped"));
}

INSTANTIATE_TEST_SUITE_P(All, ArchivePath,
                         testing::Values("../escaped", "/escaped", "model/../../escaped", "", "manifest.json",
                                         "a//b/"));

TEST_F(Archive, LeavesNoWorkBehindWhenItFails) {
  write();
  rewrite(1, [](Json& line) {
    for (const char* name : {"rows.jsonl/inside", "rows.jsonl/inside/again"}) {
      line["files"][name] = "x";
      line["manifest"]["files"][name] = {{"size", 1}, {"sha256", sha256("x")}};
    }
  });
  EXPECT_THROW(read_archive(file_, to_), Error);
  for (const std::string& hash : {hash_, other_}) EXPECT_FALSE(to_.has_work(hash));
}

TEST_F(Archive, WhatIsNotGzipIsRefused) {
  write_file(file_, "\x1f\x8bnot gzip");
  EXPECT_NE(refusal().find("next: get the file again"), std::string::npos);
}

TEST_F(Archive, WhatIsNoArchiveIsSaidToBeNone) {
  for (const char* text : {"", "junk", "[1]", "{\"objects\": 1}", "{\"version\": \"1\", \"objects\": 0}"}) {
    write_file(file_, text);
    const std::string message = refusal();
    EXPECT_NE(message.find("no archive of dormouse"), std::string::npos) << message;
    EXPECT_NE(message.find("next: make one"), std::string::npos) << message;
  }
}

TEST_F(Archive, WhatWasChangedSaysWhatToDo) {
  write();
  rewrite(1, [](Json& line) { line["manifest"] = 7; });
  EXPECT_NE(refusal().find("next: it was changed or cut short"), std::string::npos);
}

TEST_F(Archive, MayHaveAnyName) {
  file_ = box_.folder / "results";
  write();
  EXPECT_EQ(read_archive(file_, to_).objects, 2);
}

}  // namespace
}  // namespace dormouse::lab
