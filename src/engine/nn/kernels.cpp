#include "engine/nn/kernels.h"

#include "engine/nn/softmax.h"

namespace dormouse::nn {

namespace {

template <class Kind>
std::unique_ptr<Attention> make_attention(std::vector<Document> documents) {
  return std::make_unique<Kind>(std::move(documents));
}

}  // namespace

const Kernels& own_kernels() {
  static const Kernels kOwn{.own = true,
                            .rms_norm = rms_norm,
                            .swiglu = swiglu,
                            .gelu = gelu,
                            .split_rotate = split_rotate,
                            .log_probabilities = log_probabilities,
                            .document_attention = make_attention<DocumentAttention>};
  return kOwn;
}

const Kernels& plain_kernels() {
  static const Kernels kPlain{.own = false,
                              .rms_norm = plain::rms_norm,
                              .swiglu = plain::swiglu,
                              .gelu = plain::gelu,
                              .split_rotate = plain::split_rotate,
                              .log_probabilities = plain::log_probabilities,
                              .document_attention = make_attention<MaskedAttention>};
  return kPlain;
}

}  // namespace dormouse::nn
