#include "ns/deploy/detections.h"

#include <cstring>

namespace ns::deploy {

std::vector<detect::Detection> detections(const PackedModel& model, unsigned network,
                                          const Outputs& outputs) {
  const auto fraction = [](std::uint16_t q15) { return static_cast<float>(q15) / NSRT_BOX_ONE; };
  const std::size_t behind = model.network(network).output.bytes;
  std::vector<detect::Detection> all;
  for (std::size_t image = 0; image < outputs.images; ++image) {
    const auto answer = outputs.output(image).subspan(behind);
    std::uint32_t count;
    std::memcpy(&count, answer.data(), sizeof count);
    std::vector<nsrt_detection> found(count);
    std::memcpy(found.data(), answer.data() + sizeof count, count * sizeof(nsrt_detection));
    for (const nsrt_detection& d : found) {
      all.push_back({static_cast<int>(image),
                     d.label,
                     fraction(d.score),
                     {fraction(d.x0), fraction(d.y0), fraction(d.x1), fraction(d.y1)}});
    }
  }
  return all;
}

}  // namespace ns::deploy
