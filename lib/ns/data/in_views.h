#pragma once

#include <span>

#include "ns/augment/view.h"
#include "ns/data/dataset.h"

namespace ns::data {

/// All images in the first view, then all in the second, and so on, with their labels: image i in view v is
/// number v·size + i. For images without boxes.
Dataset in_views(const Dataset& dataset, std::span<const augment::View> views);

}  // namespace ns::data
