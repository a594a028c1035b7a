// Which default box answers for which object (SSD, 2.2).
#pragma once

#include <span>
#include <vector>

#include "ns/detect/box.h"

namespace ns::detect {

/// For every default box the index of its object, or −1: background. Every object gets the box it overlaps
/// most among those not yet given (pairs by falling overlap, so that no object goes without); of the others,
/// a box takes the object it overlaps most if their IoU is at least `threshold`.
std::vector<int> match(std::span<const Box> default_boxes, std::span<const Truth> objects,
                       float threshold = 0.5f);

}  // namespace ns::detect
