// What a packed detector found, in the words of lib/ns/detect.
#pragma once

#include <vector>

#include "ns/deploy/engine.h"
#include "ns/detect/box.h"

namespace ns::deploy {

/// Of all images of a detector's run, image after image, each by falling score; `image` counts within the
/// run.
std::vector<detect::Detection> detections(const PackedModel& model, unsigned network, const Outputs& outputs);

}  // namespace ns::deploy
