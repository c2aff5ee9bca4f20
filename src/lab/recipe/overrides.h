// `--set a.b=c`: changes one value of a recipe before it is read.
#pragma once

#include <string>

#include "lab/recipe/yaml.h"

namespace dormouse::lab {

/// `assignment` is "path=value". The path follows the keys of the file; list entries go by number, from 0. A
/// value in brackets, braces or quotes is YAML; any other is taken as it stands. Keys of options and of the
/// root may be new, and are checked with the rest of the recipe; models, stages and kinds must be there.
/// Throws kInput naming the --set.
void apply_set(YamlNode& root, const std::string& assignment);

}  // namespace dormouse::lab
