// References between the entries of a recipe: that they lead somewhere, and the order that follows from them.
#pragma once

#include "lab/recipe/recipe.h"

namespace dormouse::lab {

/// Fills in `references` of every entry. Throws kInput at the key's line for a name that is no model and no
/// stage.
void check_references(Recipe& recipe);

/// Puts every stage behind those it refers to, otherwise in the order of the file. Throws kInput naming the
/// cycle.
void sort_stages(Recipe& recipe);

}  // namespace dormouse::lab
