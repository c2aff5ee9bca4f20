// Prompt sets: JSON lines, a header and then one prompt a line (prompts/README.md). Read strictly, since a
// prompt that is silently dropped or doubled changes a result.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace dormouse::organism {

struct Prompt {
  std::string id;
  std::string category;  // of a prose set: its `kind`
  std::string lang;      // ISO 639-1
  std::string text;
};

struct PromptSet {
  std::string name;  // "everyday/train", from the header
  std::filesystem::path path;
  std::string sha256;  // of the file
  std::vector<Prompt> prompts;

  /// The first n prompts, or all. Throws kInput if the set has fewer than n; n = 0 takes all.
  std::vector<Prompt> first(int64_t n) const;

  /// n prompts without repeats, in the order of the file; n = 0 takes all. Throws kInput as `first` does.
  std::vector<Prompt> sample(int64_t n, uint64_t seed) const;
};

/// Throws kInput "FILE:LINE" on a bad header, missing or unknown keys, a repeated id, empty text, text that
/// is not UTF-8, or another number of rows than the header says.
PromptSet load_prompt_set(const std::filesystem::path& path);

/// "everyday/train" is prompts/everyday/train.jsonl below home_folder(); a name that ends in .jsonl is a
/// path. `place` is where the user wrote the name.
PromptSet find_prompt_set(const std::string& name, const std::string& place);

/// Names of the sets below home_folder(), sorted.
std::vector<std::string> prompt_set_names();

}  // namespace dormouse::organism
