#include "ns/train/evaluate.h"

#include "ns/base/error.h"
#include "ns/data/loader.h"
#include "ns/metrics/accuracy.h"

namespace ns::train {

double accuracy(nested::Model& model, int subnet, const data::Dataset& dataset) {
  constexpr std::size_t kBatch = 250;
  if (dataset.size() == 0) {
    throw internal_error("accuracy of no images");
  }
  model.select(subnet);
  std::int64_t correct = 0;
  data::Batch batch;
  for (std::size_t first = 0; first < dataset.size(); first += kBatch) {
    data::evaluation_batch(dataset, first, kBatch, batch);
    correct += metrics::count_correct(model.network().forward(batch.x, nn::Mode::kEval), batch.labels);
  }
  return static_cast<double>(correct) / static_cast<double>(dataset.size());
}

}  // namespace ns::train
