#include "ns/train/recalibrate.h"

#include <algorithm>

#include "ns/data/loader.h"

namespace ns::train {
namespace {

constexpr float kRunningMomentum = 0.1f;  // of nn::Mode::kTrain: running = 0.9 running + 0.1 batch

}  // namespace

void recalibrate_batch_norm(nested::Model& model, const data::Dataset& dataset, std::size_t images) {
  constexpr std::size_t kBatch = 250;
  images = std::min(images, dataset.size());
  std::vector<nn::Buffer>& buffers = model.network().buffers();
  std::vector<Tensor> sums;
  for (const nn::Buffer& buffer : buffers) {
    sums.emplace_back(buffer.value.shape());
  }
  data::Batch batch;
  for (int subnet = 1; subnet <= model.subnets(); ++subnet) {
    model.select(subnet);
    for (std::size_t first = 0; first < images; first += kBatch) {
      data::evaluation_batch(dataset, first, std::min(kBatch, images - first), batch);
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
  const auto batches = static_cast<float>((images + kBatch - 1) / kBatch);
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    for (std::int64_t c = 0; c < sums[i].size(); ++c) {
      buffers[i].value[c] = sums[i][c] / (kRunningMomentum * batches);
    }
  }
}

}  // namespace ns::train
