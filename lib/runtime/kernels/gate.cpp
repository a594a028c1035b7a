#include "kernels/gate.h"

namespace nsrt {
namespace {

// Takes channels in their order: all above the threshold, and the first of those at it.
class Chooser {
 public:
  Chooser(const Gate& gate, std::uint32_t channels) {
    std::int32_t high = 127;
    while (threshold_ < high) {  // the largest threshold that enough channels reach
      const std::int32_t middle = (threshold_ + high + 1) >> 1;
      if (reach(gate, channels, middle) >= gate.winners) {
        threshold_ = middle;
      } else {
        high = middle - 1;
      }
    }
    at_threshold_ = gate.winners - reach(gate, channels, threshold_ + 1);
  }
  bool takes(std::int8_t saliency) {
    if (saliency != threshold_) return saliency > threshold_;
    if (at_threshold_ == 0) return false;
    --at_threshold_;
    return true;
  }

 private:
  static std::uint32_t reach(const Gate& gate, std::uint32_t channels, std::int32_t threshold) {
    std::uint32_t count = 0;
    for (std::uint32_t c = 0; c < channels; ++c) count += gate.saliency[c] >= threshold ? 1u : 0u;
    return count;
  }

  std::int32_t threshold_ = -128;
  std::uint32_t at_threshold_;
};

}  // namespace

void list_winners(const Gate& gate, std::uint32_t channels, std::uint16_t* list) {
  Chooser chooser(gate, channels);
  for (std::uint32_t c = 0; c < channels; ++c) {
    if (chooser.takes(gate.saliency[c])) *list++ = static_cast<std::uint16_t>(c);
  }
}

void gated_rows(const Gate& gate, std::uint32_t channels, const RequantRow* rows, RequantRow* to) {
  Chooser chooser(gate, channels);
  for (std::uint32_t c = 0; c < channels; ++c) {
    const std::int8_t saliency = gate.saliency[c];
    to[c] = {chooser.takes(saliency) ? gated_multiplier(rows[c].multiplier, saliency) : 0, rows[c].bias};
  }
}

}  // namespace nsrt
