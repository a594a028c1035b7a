#include "ns/binary/diversity.h"

#include <cmath>

#include "ns/base/error.h"

namespace ns::binary {
namespace {

double dot(const float* a, const float* b, std::int64_t n) {
  double sum = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    sum += double{a[i]} * double{b[i]};
  }
  return sum;
}

}  // namespace

double similarity_loss(const std::vector<const Tensor*>& features, double weight,
                       std::vector<Tensor>& gradients) {
  gradients.clear();
  for (const Tensor* member : features) {
    if (member->shape() != features[0]->shape()) {
      throw internal_error("members with features of different shapes");
    }
    gradients.emplace_back(member->shape());
  }
  const std::int64_t images = features[0]->shape()[0], size = features[0]->size() / images;
  const auto members = features.size();
  const double share =
      weight / (static_cast<double>(images) * static_cast<double>(members * (members - 1) / 2));
  double loss = 0;
  for (std::int64_t image = 0; image < images; ++image) {
    for (std::size_t j = 0; j < members; ++j) {
      for (std::size_t k = j + 1; k < members; ++k) {
        const float *a = features[j]->data() + image * size, *b = features[k]->data() + image * size;
        const double aa = dot(a, a, size), bb = dot(b, b, size);
        if (!(aa > 0 && bb > 0)) {
          continue;
        }
        const double norms = std::sqrt(aa * bb), cosine = dot(a, b, size) / norms;
        loss += share * cosine;
        float *da = gradients[j].data() + image * size, *db = gradients[k].data() + image * size;
        for (std::int64_t i = 0; i < size; ++i) {
          da[i] += static_cast<float>(share * (double{b[i]} / norms - cosine * double{a[i]} / aa));
          db[i] += static_cast<float>(share * (double{a[i]} / norms - cosine * double{b[i]} / bb));
        }
      }
    }
  }
  return loss;
}

}  // namespace ns::binary
