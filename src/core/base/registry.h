// Things that are found by name: graders, triggers, behaviours, defences, stages. Adding one is adding one
// .cpp file that holds a static Register object; nothing else names it, so the program is linked with the
// whole archive.
//
//   class Grader { public: static constexpr const char* kNoun = "grader"; ... };
//   using Graders = Registry<Grader>;
//   static const Graders::Register registered("contains", [] { return std::make_unique<Contains>(); });
//   auto grader = Graders::get().make("contains", place);
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.h"

namespace dormouse {

/// Factories of `Interface` by name. `Interface::kNoun` is what a user calls it; `Args` go to each factory.
/// Filled before main, only read afterwards: safe to read from several threads.
template <class Interface, class... Args>
class Registry {
 public:
  using Factory = std::function<std::unique_ptr<Interface>(Args...)>;

  static Registry& get() {
    static Registry registry;  // inside a function: registration runs before any order of static objects is settled
    return registry;
  }

  void add(std::string name, Factory factory) {
    const bool is_new = factories_.emplace(std::move(name), std::move(factory)).second;
    DORMOUSE_ASSERT(is_new);  // two files claim one name
  }

  bool has(const std::string& name) const { return factories_.contains(name); }

  /// Throws kInput at `place` with the nearest and all known names when there is none of this name.
  std::unique_ptr<Interface> make(const std::string& name, std::string_view place, Args... args) const {
    const auto found = factories_.find(name);
    if (found == factories_.end()) fail_input(place, unknown_name(Interface::kNoun, name, names()));
    return found->second(std::forward<Args>(args)...);
  }

  /// Sorted.
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& [name, factory] : factories_) all.push_back(name);
    return all;
  }

  struct Register {
    Register(std::string name, Factory factory) { Registry::get().add(std::move(name), std::move(factory)); }
  };

 private:
  std::map<std::string, Factory> factories_;
};

}  // namespace dormouse
