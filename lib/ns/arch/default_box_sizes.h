// The default boxes of the built-in detectors. Private to this room.
#pragma once

#include <array>
#include <vector>

namespace ns::arch {

using BoxSizes = std::vector<std::array<float, 2>>;

/// Widths and heights in parts of the image for cells of 8, 16 and 32 of its 160 pixels: squares, wide and
/// tall boxes, on the coarser grids also long thin ones.
inline const BoxSizes kFineBoxes{{0.06f, 0.06f}, {0.14f, 0.14f}, {0.24f, 0.1f}, {0.1f, 0.24f}};
inline const BoxSizes kMiddleBoxes{{0.22f, 0.22f}, {0.34f, 0.34f}, {0.5f, 0.2f},
                                   {0.2f, 0.5f},   {0.7f, 0.1f},   {0.1f, 0.7f}};
inline const BoxSizes kCoarseBoxes{{0.55f, 0.55f}, {0.9f, 0.9f},  {0.85f, 0.4f},
                                   {0.4f, 0.85f},  {0.95f, 0.2f}, {0.2f, 0.95f}};

}  // namespace ns::arch
