// The DETC section of a network as C++ values, read in place (docs/format/nsm.md).
#pragma once

#include <cstdint>

#include "model/view.h"

namespace nsrt {

constexpr std::uint16_t kMostScales = 8, kMostClasses = 254;

/// One step of a scale's two tensors in one subnet.
struct DetectorSteps {
  std::uint32_t score;  ///< of logits, in 2^−20
  std::int32_t box;     ///< of an offset times 0.1, in 2^−24
  std::int8_t box_zero_point;
};

class DetectorView {
 public:
  explicit DetectorView(const Region& detc) : detc_(detc) {}
  std::uint16_t scales() const { return detc_.u16(0); }
  std::uint16_t classes() const { return detc_.u16(2); }
  std::uint16_t candidates() const { return detc_.u16(4); }
  std::uint16_t least_score() const { return detc_.u16(6); }
  std::uint16_t most_overlap() const { return detc_.u16(8); }

  std::uint16_t scores(std::uint32_t scale) const { return detc_.u16(at(scale)); }
  std::uint16_t boxes(std::uint32_t scale) const { return detc_.u16(at(scale) + 2); }
  /// Default boxes of every cell.
  std::uint16_t shapes(std::uint32_t scale) const { return detc_.u16(at(scale) + 4); }

  /// Where a scale's record lies.
  std::uint32_t at(std::uint32_t scale) const { return kDetectorBytes + scale * kDetectorScaleBytes; }
  /// Where the widths and heights of the default boxes of a scale begin, those of all scales before it.
  std::uint32_t sizes_at(std::uint32_t scale) const {
    std::uint32_t place = at(scales());
    for (std::uint32_t i = 0; i < scale; ++i) place += shapes(i) * 4u;
    return place;
  }
  /// Where the steps of a scale in subnet k, 1…N, lie.
  std::uint32_t steps_at(unsigned k, std::uint32_t scale) const {
    return sizes_at(scales()) + ((k - 1) * scales() + scale) * kDetectorStepsBytes;
  }
  DetectorSteps steps(unsigned k, std::uint32_t scale) const {
    const std::uint32_t place = steps_at(k, scale);
    return {detc_.u32(place), detc_.i32(place + 4), detc_.i8(place + 8)};
  }

 private:
  Region detc_;
};

}  // namespace nsrt
