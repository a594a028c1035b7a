#include "ns/data/loader.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <numeric>
#include <span>
#include <thread>

#include "ns/base/error.h"
#include "ns/base/rng.h"

namespace ns::data {
namespace {

void resize(Batch& batch, ImageShape shape, std::size_t count) {
  const Shape wanted{static_cast<std::int64_t>(count), shape.h, shape.w, shape.c};
  if (batch.x.shape() != wanted) {
    batch.x = Tensor(wanted);
  }
  batch.labels.resize(count);
}

void check(const Dataset& dataset, const LoaderOptions& options) {
  const auto require = [](bool ok, const std::string& what, std::int64_t found) {
    if (!ok) {
      throw usage_error(what + ", found " + std::to_string(found));
    }
  };
  require(options.batch_size >= 1, "batch size must be at least 1", options.batch_size);
  require(options.threads >= 1, "loader threads must be at least 1", options.threads);
  require(options.ahead >= 1, "batches ahead must be at least 1", options.ahead);
  if (options.shards > 1 && (!options.drop_last || options.batch_size % options.shards != 0)) {
    throw usage_error("batches of " + std::to_string(options.batch_size) +
                          " images cannot be shared out evenly among " + std::to_string(options.shards) +
                          " processes",
                      "choose a batch_size that is a multiple of " + std::to_string(options.shards));
  }
  const int padding = options.augmentation.crop_padding;
  require(padding >= 0 && padding < std::min(dataset.shape.h, dataset.shape.w),
          "crop padding must be at least 0 and below the image's " + std::to_string(dataset.shape.h) + " x " +
              std::to_string(dataset.shape.w) + " pixels",
          padding);
}

}  // namespace

void evaluation_batch(const Dataset& dataset, std::size_t first, std::size_t count, Batch& batch) {
  first = std::min(first, dataset.size());
  count = std::min(count, dataset.size() - first);
  resize(batch, dataset.shape, count);
  const auto image = static_cast<std::size_t>(dataset.shape.size());
  normalise(std::span(dataset.pixels).subspan(first * image, count * image), dataset.normalisation,
            batch.x.values());
  std::copy_n(dataset.labels.begin() + static_cast<std::ptrdiff_t>(first), count, batch.labels.begin());
  batch.truths.clear();
  for (std::size_t i = 0; i < count; ++i) {
    for (detect::Truth truth : dataset.truths_of(first + i)) {
      truth.image = static_cast<int>(i);
      batch.truths.push_back(truth);
    }
  }
}

// Batches are numbered through all epochs. Batch number k is prepared in slot k mod slots; a thread may take
// the next number as soon as the consumer has released the slot's previous batch.
struct Loader::Impl {
  struct Slot {
    Batch batch;
    std::exception_ptr failure;
    bool ready = false;
  };

  const Dataset& dataset;
  const LoaderOptions options;
  std::int64_t per_epoch = 0;

  std::mutex mutex;
  std::condition_variable changed;
  std::vector<Slot> slots;
  std::int64_t taken = 0;     // next number a thread takes
  std::int64_t released = 0;  // numbers below this are not needed any more
  std::int64_t current = 0;   // next number the consumer gets
  bool stopping = false;
  std::vector<std::thread> threads;

  Impl(const Dataset& data, const LoaderOptions& given) : dataset(data), options(given) {}
  ~Impl() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    changed.notify_all();
    for (std::thread& thread : threads) {
      thread.join();
    }
  }

  // What one thread needs for itself.
  struct Workspace {
    std::int64_t epoch = -1;
    std::vector<std::uint32_t> order;
    std::vector<std::uint8_t> pixels;
  };

  void prepare(std::int64_t number, Workspace& work, Batch& batch) const {
    batch.epoch = number / per_epoch;
    batch.index = number % per_epoch;
    const std::uint64_t epoch_seed = derive_seed(options.seed, static_cast<std::uint64_t>(batch.epoch));
    if (work.epoch != batch.epoch) {
      work.order.resize(dataset.size());
      std::iota(work.order.begin(), work.order.end(), 0u);
      Rng(epoch_seed).shuffle(std::span(work.order));
      work.epoch = batch.epoch;
    }
    const auto size = static_cast<std::size_t>(options.batch_size);
    const std::size_t start = static_cast<std::size_t>(batch.index) * size;
    const std::size_t count =
        std::min(size, dataset.size() - start) / static_cast<std::size_t>(options.shards);
    const std::size_t first = start + static_cast<std::size_t>(options.shard) * count;
    const auto image = static_cast<std::size_t>(dataset.shape.size());
    const auto fill = static_cast<std::uint8_t>(dataset.normalisation.mean_pixel);
    resize(batch, dataset.shape, count);
    batch.weights.resize(dataset.weights.empty() ? 0 : count);
    work.pixels.resize(image);
    batch.truths.clear();
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint32_t source = work.order[first + i];
      Rng rng(derive_seed(epoch_seed, source));
      if (dataset.has_boxes()) {
        const augment::BoxView view = options.box_augmentation.draw(rng);
        view.apply(dataset.image(source), dataset.shape, fill, work.pixels);
        for (detect::Truth truth : dataset.truths_of(source)) {
          truth.image = static_cast<int>(i);
          if (const auto seen = view.apply(truth)) batch.truths.push_back(*seen);
        }
      } else {
        options.augmentation.draw(rng).apply(dataset.image(source), dataset.shape, fill, work.pixels);
      }
      normalise(work.pixels, dataset.normalisation, batch.x.values().subspan(i * image, image));
      batch.labels[i] = dataset.labels[source];
      if (!batch.weights.empty()) batch.weights[i] = dataset.weights[source];
    }
  }

  void run() {
    Workspace work;
    std::unique_lock lock(mutex);
    while (true) {
      const auto count = static_cast<std::int64_t>(slots.size());
      changed.wait(lock, [&] { return stopping || taken < released + count; });
      if (stopping) {
        return;
      }
      const std::int64_t number = taken++;
      Slot& slot = slots[static_cast<std::size_t>(number % count)];
      lock.unlock();
      try {
        prepare(number, work, slot.batch);
      } catch (...) {
        slot.failure = std::current_exception();
      }
      lock.lock();
      slot.ready = true;
      changed.notify_all();
    }
  }
};

Loader::Loader(const Dataset& dataset, const LoaderOptions& options, std::int64_t epoch, std::int64_t batch)
    : impl_(std::make_unique<Impl>(dataset, options)) {
  check(dataset, options);
  const auto size = static_cast<std::int64_t>(dataset.size());
  impl_->per_epoch = (size + (options.drop_last ? 0 : options.batch_size - 1)) / options.batch_size;
  if (impl_->per_epoch == 0) {
    throw usage_error("batches of " + std::to_string(options.batch_size) + " images need more than the " +
                      std::to_string(size) + " of " + dataset.name);
  }
  if (epoch < 0 || batch < 0 || batch >= impl_->per_epoch) {
    throw usage_error("an epoch of " + dataset.name + " has " + std::to_string(impl_->per_epoch) +
                      " batches, cannot start at batch " + std::to_string(batch) + " of epoch " +
                      std::to_string(epoch));
  }
  impl_->taken = impl_->released = impl_->current = epoch * impl_->per_epoch + batch;
  // One slot more than may wait: the consumer holds one.
  impl_->slots.resize(static_cast<std::size_t>(options.ahead) + 1);
  for (int i = 0; i < options.threads; ++i) {
    impl_->threads.emplace_back([impl = impl_.get()] { impl->run(); });
  }
}

Loader::~Loader() = default;

std::int64_t Loader::batches_per_epoch() const {
  return impl_->per_epoch;
}

const Batch& Loader::next() {
  std::unique_lock lock(impl_->mutex);
  const auto count = static_cast<std::int64_t>(impl_->slots.size());
  if (impl_->released < impl_->current) {
    impl_->slots[static_cast<std::size_t>(impl_->released % count)].ready = false;
    ++impl_->released;
    impl_->changed.notify_all();
  }
  Impl::Slot& slot = impl_->slots[static_cast<std::size_t>(impl_->current % count)];
  impl_->changed.wait(lock, [&] { return slot.ready; });
  if (slot.failure) {
    std::rethrow_exception(slot.failure);
  }
  ++impl_->current;
  return slot.batch;
}

}  // namespace ns::data
