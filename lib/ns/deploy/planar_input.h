// Images as packed models take them.
#pragma once

#include <cstdint>
#include <span>

namespace ns::deploy {

/// One HWC uint8 image of h·w pixels and c channels as planar int8 (CHW), q = pixel − 128 (docs/numerics.md).
/// Throws Error(kInternal) unless both spans hold h·w·c values.
void planar_input(std::span<const std::uint8_t> image, std::size_t h, std::size_t w, std::size_t c,
                  std::span<std::int8_t> planar);

}  // namespace ns::deploy
