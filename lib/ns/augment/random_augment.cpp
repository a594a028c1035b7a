#include "ns/augment/random_augment.h"

namespace ns::augment {

View RandomAugment::draw(Rng& rng) const {
  const auto offsets = static_cast<std::uint64_t>(2 * crop_padding + 1);
  const int dy = static_cast<int>(rng.below(offsets)) - crop_padding;
  const int dx = static_cast<int>(rng.below(offsets)) - crop_padding;
  const bool mirrored = (rng.next() >> 63) != 0;
  View view;
  if (dy != 0 || dx != 0) {
    view.add(shift_by(dy, dx));
  }
  if (horizontal_flip && mirrored) {
    view.add(mirror());
  }
  return view;
}

}  // namespace ns::augment
