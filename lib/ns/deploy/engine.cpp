#include "ns/deploy/engine.h"

#include <algorithm>
#include <cstring>

#include "ns/base/error.h"

namespace ns::deploy {

std::vector<unsigned> Outputs::predictions() const {
  std::vector<unsigned> classes(images);
  std::vector<std::int16_t> logits(output_bytes / sizeof(std::int16_t));
  for (std::size_t image = 0; image < images; ++image) {
    std::memcpy(logits.data(), output(image).data(), logits.size() * sizeof(std::int16_t));
    classes[image] = nsrt_argmax(logits.data(), static_cast<unsigned>(logits.size()));
  }
  return classes;
}

std::size_t image_count(const PackedModel& model, const Batch& batch) {
  const std::size_t bytes = model.network(batch.network, batch.subnet).input.bytes;
  if (batch.inputs.size() % bytes != 0) {
    throw internal_error("inputs of " + std::to_string(batch.inputs.size()) +
                         " bytes are not a multiple of the " + std::to_string(bytes) +
                         " bytes of an input tensor");
  }
  return batch.inputs.size() / bytes;
}

std::optional<Difference> first_difference(const Outputs& a, const Outputs& b) {
  if (a.images != b.images || a.output_bytes != b.output_bytes || a.operators != b.operators) {
    throw internal_error("first_difference: outputs of different batches");
  }
  const std::size_t traced = std::min(a.traced(), b.traced());
  for (std::size_t image = 0; image < a.images; ++image) {
    if (image < traced) {
      const auto [in_a, in_b] = std::ranges::mismatch(a.trace(image), b.trace(image));
      if (in_a != a.trace(image).end()) {
        return Difference{image, static_cast<unsigned>(in_a - a.trace(image).begin())};
      }
    }
    if (!std::ranges::equal(a.output(image), b.output(image))) return Difference{image, std::nullopt};
  }
  return std::nullopt;
}

}  // namespace ns::deploy
