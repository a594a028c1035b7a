// The builders behind the registry, one file each. Private to this room.
#pragma once

#include "ns/nn/graph.h"

namespace ns::arch {

nn::Graph resnet8(nn::ImageShape input, int classes, double width);

}  // namespace ns::arch
