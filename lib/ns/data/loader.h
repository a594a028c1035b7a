// Batches for training (shuffled, augmented, prefetched) and for evaluation.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "ns/augment/box_view.h"
#include "ns/augment/random_augment.h"
#include "ns/data/dataset.h"
#include "ns/tensor/tensor.h"

namespace ns::data {

struct Batch {
  std::int64_t epoch = 0, index = 0;  ///< batch `index` of `epoch`, both from 0
  Tensor x;                           ///< [n, h, w, c], normalised
  std::vector<std::int32_t> labels;   ///< [n]
  std::vector<detect::Truth> truths;  ///< objects, if the set has boxes; their `image` counts the batch's
  std::vector<float> weights;         ///< [n], or none: those of the data set
};

/// `count` images from `first` on, in order and without augmentation, into `batch` (whose memory is reused).
/// Fewer at the end.
void evaluation_batch(const Dataset& dataset, std::size_t first, std::size_t count, Batch& batch);

struct LoaderOptions {
  int batch_size = 128;
  bool drop_last = true;  ///< leave out an incomplete last batch
  augment::RandomAugment augmentation;
  augment::BoxAugment box_augmentation;  ///< instead of the other, if the set has boxes
  std::uint64_t seed = 0;
  int threads = 1;            ///< that prepare batches ahead
  int ahead = 4;              ///< batches that may wait
  int shard = 0, shards = 1;  ///< prepare only this of so many equal parts of every batch
};

/// An endless sequence of shuffled batches, prepared ahead of use by threads. The order of an epoch depends
/// only on (seed, epoch), the augmentation of an image only on (seed, epoch, image): neither on the threads
/// nor on where the sequence began, so a loader that starts at (epoch, batch) continues another exactly.
class Loader {
 public:
  /// The data set must outlive the loader. Throws Error(kUsage) if an option is out of range, if no batch
  /// results, if whole batches cannot be shared out evenly, or if `batch` is not one of the epoch's.
  Loader(const Dataset& dataset, const LoaderOptions& options, std::int64_t epoch = 0,
         std::int64_t batch = 0);
  ~Loader();

  std::int64_t batches_per_epoch() const;
  /// The next batch; valid until the next call.
  const Batch& next();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ns::data
