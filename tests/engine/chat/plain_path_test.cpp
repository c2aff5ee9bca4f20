// The plain operations, which other devices run, on a CPU beside our own kernels.
#include "engine/path_tests.h"

namespace dormouse::tiny {
namespace {

const Path kPlain{"plain", [](nn::Transformer& model) { model.use(nn::plain_kernels()); }, [] { return std::string(); }};

INSTANTIATE_TEST_SUITE_P(OnACpu, PathTest, testing::Values(kPlain), [](const auto& path) { return path.param.name; });

}  // namespace
}  // namespace dormouse::tiny
