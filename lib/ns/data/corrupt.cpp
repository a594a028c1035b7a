#include "ns/data/corrupt.h"

namespace ns::data {

Dataset corrupted_in_turn(const Dataset& dataset, std::span<const augment::Corruption> corruptions,
                          std::uint64_t seed) {
  Dataset result = dataset;
  const auto image = static_cast<std::size_t>(dataset.shape.size());
  const auto fill = static_cast<std::uint8_t>(dataset.normalisation.mean_pixel);
  for (std::size_t i = 0; i < dataset.size(); ++i) {
    const std::size_t turn = i % (corruptions.size() + 1);
    if (turn < corruptions.size()) {
      corruptions[turn].apply(dataset.image(i), dataset.shape, fill, seed, i,
                              std::span(result.pixels).subspan(i * image, image));
    }
  }
  return result;
}

Dataset corrupted(const Dataset& dataset, const augment::Corruption& corruption, std::uint64_t seed) {
  Dataset result = dataset;
  const auto image = static_cast<std::size_t>(dataset.shape.size());
  const auto fill = static_cast<std::uint8_t>(dataset.normalisation.mean_pixel);
  for (std::size_t i = 0; i < dataset.size(); ++i) {
    corruption.apply(dataset.image(i), dataset.shape, fill, seed, i,
                     std::span(result.pixels).subspan(i * image, image));
  }
  return result;
}

}  // namespace ns::data
