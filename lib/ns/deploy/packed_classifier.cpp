#include "ns/deploy/packed_classifier.h"

#include <cstring>

#include "ns/base/error.h"
#include "ns/deploy/benchmark.h"
#include "ns/deploy/planar_input.h"

namespace ns::deploy {

PackedClassifier::PackedClassifier(const PackedModel& model, const data::Dataset& dataset, unsigned threads,
                                   unsigned network)
    : engine_(model, threads), network_(network), classes_(model.network(network).output.c) {
  encode_images(dataset, model, 1, network);  // says what does not fit
  const PackedDescription description = describe(model);
  for (const SubnetDescription& subnet : description.networks.at(network).subnets) {
    macs_.push_back(subnet.macs);
  }
}

void PackedClassifier::run(int subnet, std::span<const std::uint8_t> images, std::span<float> logits) {
  const nsrt_tensor_info& input = engine_.model().network(network_).input;
  const std::size_t bytes = input.bytes;
  std::vector<std::int8_t> planar(images.size());
  for (std::size_t at = 0; at + bytes <= images.size(); at += bytes) {
    planar_input(images.subspan(at, bytes), input.h, input.w, input.c, std::span(planar).subspan(at, bytes));
  }
  const Outputs outputs = engine_.run({network_, static_cast<unsigned>(subnet), planar, 0});
  if (outputs.bytes.size() != logits.size() * sizeof(std::int16_t)) {
    throw internal_error(engine_.model().path() + ": logits of the wrong size");
  }
  for (std::size_t i = 0; i < logits.size(); ++i) {
    std::int16_t logit = 0;
    std::memcpy(&logit, outputs.bytes.data() + i * sizeof logit, sizeof logit);
    logits[i] = static_cast<float>(logit) / 256.0f;
  }
}

}  // namespace ns::deploy
