// What other devices run, without one: plain operations on a CPU, and on a device whose memory the host cannot touch.
#include "engine/far_device.h"
#include "engine/path_tests.h"

namespace dormouse::tiny {
namespace {

C10_REGISTER_GUARD_IMPL(PrivateUse1, far::Guard);

TORCH_LIBRARY_IMPL(_, PrivateUse1, library) {
  library.fallback(torch::CppFunction::makeFromBoxedFunction<&far::run>());
}

TORCH_LIBRARY_IMPL(aten, PrivateUse1, library) {
  library.impl("empty.memory_format", far::empty);
  library.impl("empty_strided", far::empty_strided);
  library.impl("as_strided", at::native::as_strided_tensorimpl);
  library.impl("_reshape_alias", at::native::_reshape_alias);
  library.impl("unfold", at::native::unfold);
  library.impl("view", at::native::view);
  library.impl("resize_", far::resize);
  library.impl("_copy_from", far::copy_from);
  library.impl("_copy_from_and_resize", far::copy_from_and_resize);
}

std::string nothing() { return ""; }
std::string attached() {
  far::attach();
  return "";
}

const Path kPaths[] = {{"own", [](nn::Transformer&) {}, nothing},
                       {"plain", [](nn::Transformer& model) { model.use(nn::plain_kernels()); }, nothing},
                       {"far", [](nn::Transformer& model) { model.to(far::kDevice); }, attached}};

INSTANTIATE_TEST_SUITE_P(WithoutAGpu, PathTest, testing::ValuesIn(kPaths),
                         [](const auto& path) { return path.param.name; });

TEST(FarDevice, RefusesTensorsLeftOnTheCpu) {
  far::attach();
  const at::Tensor there = at::ones({3}).to(far::kDevice);
  EXPECT_TRUE(at::equal((there + there).cpu(), at::full({3}, 2.0f)));
  EXPECT_THROW(at::mul(there, at::ones({3})), c10::Error);
}

TEST(FarDevice, KeepsItsMemoryFromTheHost) {
  far::attach();
  const at::Tensor there = at::ones({3}).to(far::kDevice);
  EXPECT_DEATH(std::printf("%f", static_cast<double>(*static_cast<const float*>(there.storage().data()))), "");
}

}  // namespace
}  // namespace dormouse::tiny
