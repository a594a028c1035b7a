#include "ns/train/evaluate.h"

#include "ns/base/error.h"
#include "ns/metrics/accuracy.h"

namespace ns::train {

void for_each_batch(
    nested::Model& model, const data::Dataset& dataset,
    const std::function<void(const Tensor& logits, const data::Batch& batch, std::size_t first)>& f) {
  constexpr std::size_t kBatch = 250;
  data::Batch batch;
  for (std::size_t first = 0; first < dataset.size(); first += kBatch) {
    data::evaluation_batch(dataset, first, kBatch, batch);
    f(model.network().forward(batch.x, nn::Mode::kEval), batch, first);
  }
}

double accuracy(nested::Model& model, int subnet, const data::Dataset& dataset) {
  if (dataset.size() == 0) {
    throw internal_error("accuracy of no images");
  }
  model.select(subnet);
  std::int64_t correct = 0;
  for_each_batch(model, dataset, [&](const Tensor& logits, const data::Batch& batch, std::size_t) {
    correct += metrics::count_correct(logits, batch.labels);
  });
  return static_cast<double>(correct) / static_cast<double>(dataset.size());
}

}  // namespace ns::train
