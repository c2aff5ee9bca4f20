// Smaller models out of bigger ones: some layers are kept, the others dropped. What is left needs training ("healing")
// before it is of use.
#pragma once

#include <span>
#include <vector>

#include "engine/weights/model_folder.h"

namespace dormouse::weights {

/// Indices of `kept` of `layers` layers, evenly spaced, the first and the last among them; 2 <= kept <= layers. The
/// ends stay because they translate from and to the embedding, while neighbours in the middle do alike things (Gromov
/// et al. 2024, arXiv 2403.17887; even spacing as in Sanh et al. 2019, arXiv 1910.01108).
std::vector<int64_t> evenly_spaced_layers(int64_t layers, int64_t kept);

/// Writes a model folder with these layers of `model`, in this order; all other weights as they are, in bf16 if all are
/// stored so, else in fp32: nothing is rounded.
void save_with_layers(const fs::path& folder, const ModelFiles& model, std::span<const int64_t> layers);

}  // namespace dormouse::weights
