// A data set that a small network learns in seconds.
#pragma once

#include <string>

#include "ns/base/rng.h"
#include "ns/data/dataset.h"

namespace nestkit_test {

/// Class c is a bright square in corner c of an 8x8 image with noise.
inline ns::data::Dataset corners(std::size_t count) {
  ns::data::Dataset set;
  set.name = "corners";
  set.classes = {"a", "b", "c", "d"};
  set.shape = {8, 8, 1};
  set.normalisation = {64, 1.0f / 64.0f};
  set.manifest_sha256 = std::string(64, 'a');
  ns::Rng rng(5);
  for (std::size_t i = 0; i < count; ++i) {
    const int label = static_cast<int>(i % 4);
    set.labels.push_back(label);
    for (int y = 0; y < 8; ++y) {
      for (int x = 0; x < 8; ++x) {
        const bool bright = y / 4 == label / 2 && x / 4 == label % 2;
        set.pixels.push_back(static_cast<std::uint8_t>(rng.below(120) + (bright ? 100 : 0)));
      }
    }
  }
  return set;
}

}  // namespace nestkit_test
