#include "firmware/apps/detections.h"

#include <string.h>

#include "firmware/apps/instruction_count.h"

namespace app {

std::uint32_t detections_bytes(const nsrt_detector& detector) {
  return static_cast<std::uint32_t>(sizeof(std::uint32_t) + detector.candidates * sizeof(nsrt_detection));
}

std::uint32_t* detections_place(const std::uint8_t* end, const nsrt_detector& detector) {
  const board::Region arena = board::arena();
  const std::size_t taken = static_cast<std::size_t>(end - arena.data + 15) / 16 * 16;
  if (arena.bytes < taken + detections_bytes(detector)) return nullptr;
  return reinterpret_cast<std::uint32_t*>(arena.data + taken);
}

Detected detect(const nsrt_model& model, unsigned network, unsigned subnet, const std::uint8_t* outputs,
                const nsrt_detector& detector, std::uint32_t* place) {
  auto* const found = reinterpret_cast<nsrt_detection*>(place + 1);
  nsrt_status status = NSRT_OK;
  const std::uint64_t ticks = count_ticks([&] {
    status =
        nsrt_detect(&model, network, subnet, reinterpret_cast<const std::int8_t*>(outputs), found, place);
  });
  if (status == NSRT_OK) memset(found + *place, 0, (detector.candidates - *place) * sizeof *found);
  return {status, ticks};
}

}  // namespace app
