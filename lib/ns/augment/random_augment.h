// Random views for training.
#pragma once

#include "ns/augment/view.h"
#include "ns/base/rng.h"

namespace ns::augment {

/// The usual augmentation of small images: a random crop after padding, and a mirror image half of the time.
struct RandomAugment {
  int crop_padding = 0;  ///< pixels on each side; 0: no crop
  bool horizontal_flip = false;

  /// Each of the (2·crop_padding + 1)² crops equally likely. Always takes the same number of draws from rng.
  View draw(Rng& rng) const;
};

}  // namespace ns::augment
