#include "ns/data/loader.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "expect_error.h"
#include "ns/base/rng.h"

using namespace ns::data;

namespace {

// The label is the image's index, the pixels follow from it.
Dataset numbered(int n, ns::ImageShape shape = {6, 5, 2}) {
  Dataset set;
  set.name = "numbered";
  set.shape = shape;
  set.normalisation = {100, 0.5f};
  ns::Rng rng(11);
  set.pixels.resize(static_cast<std::size_t>(n * shape.size()));
  std::generate(set.pixels.begin(), set.pixels.end(), [&] { return static_cast<std::uint8_t>(rng.next()); });
  set.labels.resize(static_cast<std::size_t>(n));
  std::iota(set.labels.begin(), set.labels.end(), 0);
  return set;
}

struct Seen {
  std::int64_t epoch, index;
  std::vector<std::int32_t> labels;
  std::vector<float> x;
  bool operator==(const Seen&) const = default;
};

std::vector<Seen> collect(Loader& loader, int batches) {
  std::vector<Seen> seen;
  for (int i = 0; i < batches; ++i) {
    const Batch& batch = loader.next();
    seen.push_back(
        {batch.epoch, batch.index, batch.labels, {batch.x.values().begin(), batch.x.values().end()}});
  }
  return seen;
}

const LoaderOptions kAugmented{
    .batch_size = 4, .augmentation = {.crop_padding = 2, .horizontal_flip = true}, .seed = 3};

}  // namespace

TEST_CASE("An epoch holds every image once, in an order that changes with epoch and seed") {
  const Dataset set = numbered(10);
  const auto epochs = [&](std::uint64_t seed) {
    Loader loader(set, {.batch_size = 4, .drop_last = false, .seed = seed});
    CHECK(loader.batches_per_epoch() == 3);
    std::vector<std::vector<std::int32_t>> orders(2);
    for (const Seen& batch : collect(loader, 6)) {
      auto& order = orders[static_cast<std::size_t>(batch.epoch)];
      CHECK(batch.labels.size() == (batch.index == 2 ? 2 : 4));
      order.insert(order.end(), batch.labels.begin(), batch.labels.end());
    }
    for (const auto& order : orders) {
      CHECK(std::set<std::int32_t>(order.begin(), order.end()).size() == 10);
    }
    return orders;
  };
  const auto first = epochs(1), second = epochs(2);
  CHECK(first[0] != first[1]);
  CHECK(first[0] != second[0]);
}

TEST_CASE("drop_last leaves the incomplete batch out") {
  const Dataset set = numbered(10);
  Loader loader(set, {.batch_size = 4});
  CHECK(loader.batches_per_epoch() == 2);
  for (const Seen& batch : collect(loader, 6)) {
    CHECK(batch.labels.size() == 4);
    CHECK(batch.x.size() == 4 * 60);
  }
}

TEST_CASE("The batches do not depend on the number of threads or on how many wait") {
  const Dataset set = numbered(30);
  Loader reference(set, kAugmented);
  const std::vector<Seen> expected = collect(reference, 40);
  for (const auto& [threads, ahead] : {std::pair{2, 1}, {3, 4}, {5, 9}}) {
    LoaderOptions options = kAugmented;
    options.threads = threads;
    options.ahead = ahead;
    Loader loader(set, options);
    CHECK(collect(loader, 40) == expected);
  }
}

TEST_CASE("A loader that starts anywhere continues another exactly") {
  const Dataset set = numbered(30);
  Loader whole(set, kAugmented);
  const std::vector<Seen> expected = collect(whole, 30);
  for (const std::size_t start : {0u, 3u, 7u, 20u}) {
    Loader part(set, kAugmented, static_cast<std::int64_t>(start) / 7, static_cast<std::int64_t>(start) % 7);
    CHECK(collect(part, 9) == std::vector<Seen>(expected.begin() + static_cast<std::ptrdiff_t>(start),
                                                expected.begin() + static_cast<std::ptrdiff_t>(start) + 9));
  }
}

TEST_CASE("An image's augmentation depends on seed, epoch and image, not on its place in a batch") {
  const Dataset set = numbered(24);
  const auto by_image = [&](int batch_size) {
    LoaderOptions options = kAugmented;
    options.batch_size = batch_size;
    Loader loader(set, options);
    std::map<std::pair<std::int64_t, int>, std::vector<float>> images;
    for (const Seen& batch : collect(loader, 48 / batch_size)) {
      for (std::size_t i = 0; i < batch.labels.size(); ++i) {
        const auto begin = batch.x.begin() + static_cast<std::ptrdiff_t>(60 * i);
        images[{batch.epoch, batch.labels[i]}].assign(begin, begin + 60);
      }
    }
    return images;
  };
  const auto by_4 = by_image(4);
  CHECK(by_4.size() == 48);
  CHECK(by_4 == by_image(6));
  int repeated = 0;
  for (int image = 0; image < 24; ++image) {
    repeated += by_4.at({0, image}) == by_4.at({1, image});
  }
  CHECK(repeated < 6);  // one in 50 is expected
}

TEST_CASE("Without augmentation a batch holds the normalised images, and the padding of a crop is zero") {
  const Dataset set = numbered(8);
  Loader loader(set, {.batch_size = 8});
  const Batch& batch = loader.next();
  CHECK(batch.x.shape() == ns::Shape{8, 6, 5, 2});
  for (std::size_t i = 0; i < 8; ++i) {
    const auto image = set.image(static_cast<std::size_t>(batch.labels[i]));
    for (std::size_t p = 0; p < image.size(); ++p) {
      CHECK(batch.x[static_cast<std::int64_t>(i * 60 + p)] == 0.5f * (static_cast<float>(image[p]) - 100.0f));
    }
  }
  Dataset bright = numbered(20);
  std::fill(bright.pixels.begin(), bright.pixels.end(), std::uint8_t{200});
  Loader cropping(bright, {.batch_size = 20, .augmentation = {.crop_padding = 2}});
  std::set<float> values;
  for (const float x : cropping.next().x.values()) {
    values.insert(x);
  }
  CHECK(values == std::set<float>{0.0f, 50.0f});
}

TEST_CASE("the shards of a batch are the batch") {
  const Dataset set = numbered(20);
  const auto options = [](int shard, int shards) {
    return LoaderOptions{
        .batch_size = 6, .augmentation = {1, true}, .seed = 3, .shard = shard, .shards = shards};
  };
  Loader whole(set, options(0, 1)), first(set, options(0, 3)), second(set, options(1, 3)),
      third(set, options(2, 3));
  CHECK(first.batches_per_epoch() == 3);
  for (int i = 0; i < 5; ++i) {
    const Batch& batch = whole.next();
    std::vector<std::int32_t> labels;
    std::vector<float> x;
    for (Loader* shard : {&first, &second, &third}) {
      const Batch& part = shard->next();
      labels.insert(labels.end(), part.labels.begin(), part.labels.end());
      x.insert(x.end(), part.x.values().begin(), part.x.values().end());
    }
    CHECK(labels == batch.labels);
    CHECK(std::equal(x.begin(), x.end(), batch.x.values().begin(), batch.x.values().end()));
  }
  EXPECT_ERROR(Loader(set, options(0, 4)), kUsage, "batches of 6 images cannot be shared out evenly among 4");
}

TEST_CASE("evaluation_batch gives the images in order and fewer at the end") {
  const Dataset set = numbered(10);
  Batch batch;
  evaluation_batch(set, 4, 4, batch);
  CHECK(batch.labels == std::vector<std::int32_t>{4, 5, 6, 7});
  CHECK(batch.x[60] == 0.5f * (static_cast<float>(set.image(5)[0]) - 100.0f));
  evaluation_batch(set, 8, 4, batch);
  CHECK(batch.labels == std::vector<std::int32_t>{8, 9});
  CHECK(batch.x.shape() == ns::Shape{2, 6, 5, 2});
  evaluation_batch(set, 12, 4, batch);
  CHECK(batch.labels.empty());
}

TEST_CASE("Loader refuses options out of range and stops cleanly when nobody reads") {
  const Dataset set = numbered(10);
  EXPECT_ERROR(Loader(set, {.batch_size = 0}), kUsage, "batch size must be at least 1, found 0");
  EXPECT_ERROR(Loader(set, {.batch_size = 11}), kUsage,
               "batches of 11 images need more than the 10 of numbered");
  EXPECT_ERROR(Loader(set, {.batch_size = 1, .threads = 0}), kUsage, "loader threads");
  EXPECT_ERROR(Loader(set, {.batch_size = 1, .ahead = 0}), kUsage, "batches ahead");
  EXPECT_ERROR(Loader(set, {.batch_size = 1, .augmentation = {.crop_padding = 5}}), kUsage,
               "crop padding must be");
  EXPECT_ERROR(Loader(set, {.batch_size = 5}, 0, 2), kUsage, "cannot start at batch 2 of epoch 0");
  EXPECT_ERROR(Loader(set, {.batch_size = 5}, -1, 0), kUsage, "of epoch -1");
  Loader unread(set, {.batch_size = 1, .threads = 3, .ahead = 2});
}
