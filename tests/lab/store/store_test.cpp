#include "lab/store/store.h"

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <functional>

#include <chrono>
#include <thread>

#include "core/base/hash.h"
#include "lab/toy_kinds.h"

namespace dormouse::lab {
namespace {

Manifest manifest_of(const Json& identity) {
  Manifest manifest;
  manifest.identity = identity;
  manifest.program_version = "1";
  return manifest;
}

std::string put(Store& store, const Json& identity, const std::string& bytes) {
  const std::string hash = sha256(canonical_json(identity));
  Manifest manifest = manifest_of(identity);
  write_file(store.begin(hash) / "out" / "data", bytes);
  store.commit(hash, manifest);
  return hash;
}

TEST(Store, AnObjectIsAbsentUntilItIsCommitted) {
  const toy::Sandbox box;
  Store store(box.folder / "store");
  const std::string hash = sha256(canonical_json("x"));
  const fs::path work = store.begin(hash);
  write_file(work / "out" / "data", "12");
  write_file(work / "scratch" / "checkpoint", "34");
  write_file(work / "out" / "half.tmp99", "5");  // of a killed process
  EXPECT_TRUE(store.has_work(hash));
  EXPECT_FALSE(store.find(hash));
  Manifest manifest = manifest_of("x");
  manifest.counters["tokens"] = 3;
  store.commit(hash, manifest);
  EXPECT_FALSE(store.has_work(hash));
  const auto found = store.verified(hash);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->files.size(), 1u);
  EXPECT_EQ(found->files.at("data").size, 2);
  EXPECT_EQ(found->files.at("data").sha256, sha256("12"));
  EXPECT_EQ(found->counters["tokens"], 3);
  EXPECT_FALSE(fs::exists(store.object(hash) / "half.tmp99"));
}

struct Damage {
  const char* name;
  void (*apply)(const fs::path& object);
};

class StoreDamage : public testing::TestWithParam<Damage> {};

TEST_P(StoreDamage, IsFoundAndSetAside) {
  const toy::Sandbox box;
  std::string hash;
  {
    Store store(box.folder / "store");
    hash = put(store, "x", "payload");
  }
  Store store(box.folder / "store");  // another process: nothing counts as checked yet
  GetParam().apply(store.object(hash));
  EXPECT_FALSE(store.verified(hash));
  EXPECT_FALSE(fs::exists(store.object(hash)));
  EXPECT_TRUE(fs::exists(box.folder / "store" / "damaged" / (hash + "-1")));
  EXPECT_EQ(put(store, "x", "payload"), hash);
  EXPECT_TRUE(store.verified(hash));
}

INSTANTIATE_TEST_SUITE_P(
    All, StoreDamage,
    testing::Values(Damage{"flipped_byte", [](const fs::path& object) { write_file(object / "data", "paYload"); }},
                    Damage{"cut_short", [](const fs::path& object) { fs::resize_file(object / "data", 3); }},
                    Damage{"missing_file", [](const fs::path& object) { fs::remove(object / "data"); }},
                    Damage{"no_manifest", [](const fs::path& object) { fs::remove(object / "manifest.json"); }},
                    Damage{"broken_manifest",
                           [](const fs::path& object) { write_file(object / "manifest.json", "{"); }},
                    Damage{"another_identity",
                           [](const fs::path& object) {
                             std::string text = read_file(object / "manifest.json");
                             text.replace(text.find("\"x\""), 3, "\"y\"");
                             write_file(object / "manifest.json", text);
                           }}),
    [](const auto& entry) { return entry.param.name; });

TEST(Store, ReadingMakesNoFolder) {
  const toy::Sandbox box;
  const Store none = Store::to_read(box.folder / "none");
  EXPECT_FALSE(none.exists());
  EXPECT_FALSE(none.find(sha256("x")));
  EXPECT_FALSE(fs::exists(box.folder / "none"));
  const Store made(box.folder / "made");
  EXPECT_TRUE(made.exists());
  EXPECT_TRUE(Store::to_read(box.folder / "made").exists());
}

TEST(Store, AFileIsNoStore) {
  const toy::Sandbox box;
  const auto refusal = [](const std::function<void()>& open) -> std::string {
    try {
      open();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      return error.what();
    }
    return "no error";
  };
  const fs::path file = box.folder / "base.gguf";
  for (const auto& message : {refusal([&] { Store store(file); }), refusal([&] { Store::to_read(file); })}) {
    EXPECT_TRUE(message.starts_with(file.string() + ": is a file")) << message;
    EXPECT_NE(message.find("next: name another folder"), std::string::npos) << message;
  }
  EXPECT_NE(refusal([&] { Store store(file / "in"); }).find("next: name another folder"), std::string::npos);
}

TEST(Store, RefusesLinksInAnArtefact) {
  const toy::Sandbox box;
  Store store(box.folder / "store");
  const std::string hash = sha256("x");
  fs::create_symlink("/etc/hostname", store.begin(hash) / "out" / "link");
  Manifest manifest = manifest_of("x");
  EXPECT_THROW(store.commit(hash, manifest), Error);
  EXPECT_FALSE(store.find(hash));
}

TEST(Store, ALockIsHeldByOneProcess) {
  const toy::Sandbox box;
  const Store store(box.folder / "store");
  const std::string hash = sha256("x");
  int started[2];
  ASSERT_EQ(::pipe(started), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const StoreLock held = store.lock(hash);
    (void)!::write(started[1], "x", 1);
    std::this_thread::sleep_for(std::chrono::milliseconds(400));
    write_file(box.folder / "first", "");
    ::_exit(0);
  }
  char byte = 0;
  ASSERT_EQ(::read(started[0], &byte, 1), 1);
  const StoreLock held = store.lock(hash);
  EXPECT_TRUE(fs::exists(box.folder / "first"));
  ::waitpid(child, nullptr, 0);
}

}  // namespace
}  // namespace dormouse::lab
