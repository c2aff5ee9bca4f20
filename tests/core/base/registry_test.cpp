#include "core/base/registry.h"

#include <gtest/gtest.h>

namespace dormouse {
namespace {

struct Animal {
  static constexpr const char* kNoun = "animal";
  int legs = 0;
};
using Animals = Registry<Animal, int>;

std::unique_ptr<Animal> make_animal(int legs) { return std::make_unique<Animal>(Animal{legs}); }

const Animals::Register dormouse_registered("dormouse", make_animal);
const Animals::Register beetle_registered("beetle", [](int legs) { return make_animal(legs + 2); });

TEST(Registry, MakesByNameWithArguments) {
  EXPECT_EQ(Animals::get().make("dormouse", "here", 4)->legs, 4);
  EXPECT_EQ(Animals::get().make("beetle", "here", 4)->legs, 6);
  EXPECT_TRUE(Animals::get().has("beetle"));
  EXPECT_FALSE(Animals::get().has("bee"));
}

TEST(Registry, UnknownNameIsTheUsersErrorAndNamesTheNearest) {
  try {
    Animals::get().make("dormous", "recipe.yaml:3", 4);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_STREQ(error.what(),
                 "recipe.yaml:3: unknown animal `dormous` (did you mean `dormouse`?); known: beetle, dormouse");
  }
}

TEST(RegistryDeathTest, RefusesASecondOwnerOfAName) {
  EXPECT_DEATH(Animals::get().add("beetle", make_animal), "broken invariant");
}

}  // namespace
}  // namespace dormouse
