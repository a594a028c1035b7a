#include "ns/train/recalibrate.h"

#include <algorithm>

#include "ns/data/loader.h"
#include "ns/nn/batch_norm.h"

namespace ns::train {

void recalibrate_batch_norm(nested::Model& model, const data::Dataset& dataset, std::size_t images) {
  images = std::min(images, dataset.size());
  const std::size_t batches = (images + 249) / 250;  // of nearly the same size, for all count the same
  std::vector<nn::Buffer>& buffers = model.network().buffers();
  std::vector<Tensor> sums;
  for (const nn::Buffer& buffer : buffers) {
    sums.emplace_back(buffer.value.shape());
  }
  data::Batch batch;
  for (int subnet = 1; subnet <= model.subnets(); ++subnet) {
    model.select(subnet);
    for (std::size_t k = 0; k < batches; ++k) {
      const std::size_t first = images * k / batches, last = images * (k + 1) / batches;
      data::evaluation_batch(dataset, first, last - first, batch);
      // Of running statistics that start at zero, one pass leaves the momentum's share of the batch's own.
      // Other banks are not written; theirs add nothing here and keep what earlier subnets collected.
      for (nn::Buffer& buffer : buffers) {
        buffer.value.fill(0.0f);
      }
      model.network().forward(batch.x, nn::Mode::kTrain);
      for (std::size_t i = 0; i < buffers.size(); ++i) {
        for (std::int64_t c = 0; c < sums[i].size(); ++c) {
          sums[i][c] += buffers[i].value[c];
        }
      }
    }
  }
  const float shares = static_cast<float>(nn::kBatchNormMomentum) * static_cast<float>(batches);
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    for (std::int64_t c = 0; c < sums[i].size(); ++c) {
      buffers[i].value[c] = sums[i][c] / shares;
    }
  }
}

}  // namespace ns::train
