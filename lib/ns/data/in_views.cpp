#include "ns/data/in_views.h"

namespace ns::data {

Dataset in_views(const Dataset& dataset, std::span<const augment::View> views) {
  const auto image = static_cast<std::size_t>(dataset.shape.size());
  const auto fill = static_cast<std::uint8_t>(dataset.normalisation.mean_pixel);
  Dataset result = dataset;
  result.labels.clear();
  result.pixels.resize(views.size() * dataset.size() * image);
  for (std::size_t v = 0; v < views.size(); ++v) {
    for (std::size_t i = 0; i < dataset.size(); ++i) {
      views[v].apply(dataset.image(i), dataset.shape, fill,
                     std::span(result.pixels).subspan((v * dataset.size() + i) * image, image));
    }
    result.labels.insert(result.labels.end(), dataset.labels.begin(), dataset.labels.end());
  }
  return result;
}

}  // namespace ns::data
