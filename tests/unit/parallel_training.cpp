// Processes that share a batch are one process with the whole batch. Threads stand for processes here.
#include <doctest/doctest.h>

#include <barrier>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "expect_error.h"
#include "ns/arch/registry.h"
#include "ns/base/rng.h"
#include "ns/nested/allocation.h"
#include "ns/nested/gates.h"
#include "ns/train/subnet_step.h"
#include "ns/train/trainer.h"

using namespace ns;
using namespace ns::train;

namespace {

constexpr int kRanks = 2;

struct Exchange {
  std::barrier<> meeting{kRanks};
  std::vector<double> total;
  std::mutex mutex;
};

/// A member of a group of threads; `last_sum` is the number of sums after which it finds another one lost.
class ThreadGroup : public parallel::Communicator {
 public:
  ThreadGroup(Exchange& exchange, int rank, int last_sum = -1)
      : exchange_(exchange), rank_(rank), left_(last_sum) {}
  int rank() const override { return rank_; }
  int size() const override { return kRanks; }
  void sum(std::span<float> values) override { add(values); }
  void sum(std::span<double> values) override { add(values); }

 private:
  template <class T>
  void add(std::span<T> values) {
    if (left_ >= 0 && left_-- == 0) throw parallel::ProcessLost("gone");
    if (rank_ == 0) exchange_.total.assign(values.size(), 0.0);
    exchange_.meeting.arrive_and_wait();
    {
      const std::lock_guard lock(exchange_.mutex);
      for (std::size_t i = 0; i < values.size(); ++i) exchange_.total[i] += double{values[i]};
    }
    exchange_.meeting.arrive_and_wait();
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<T>(exchange_.total[i]);
    exchange_.meeting.arrive_and_wait();
  }

  Exchange& exchange_;
  int rank_, left_;
};

void run_ranks(const std::function<void(parallel::Communicator&)>& body, int last_sum = -1) {
  Exchange exchange;
  std::vector<std::thread> threads;
  for (int rank = 0; rank < kRanks; ++rank) {
    threads.emplace_back([&, rank] {
      ThreadGroup group(exchange, rank, last_sum);
      body(group);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

nested::Model nested_model() {
  nested::Model model(arch::build("resnet8", {8, 8, 1}, 4, 0.25), 2, 11);
  const auto allocation = nested::uniform_allocation(model.network().graph(), nested::default_dense_layers(),
                                                     std::vector<double>{0.5, 0.75});
  model.set_levels(nested::magnitude_levels(model.network(), allocation, 2, 1.0));
  return model;
}

nested::Model gated_model() {
  return nested::Model(
      nested::with_gates(arch::build("resnet8", {8, 8, 1}, 4, 0.25), {{0.75, 0.5}, {"first_conv"}, 0.5}), 2,
      11);
}

/// Images [first, first + count) of a batch whose channel means are far from 0 and from each other.
data::Batch images(std::int64_t first, std::int64_t count) {
  Rng rng(3);
  data::Batch whole;
  whole.x = Tensor({count, 8, 8, 1});
  for (std::int64_t i = 0; i < first * 64; ++i) rng.normal();
  for (float& value : whole.x.values()) value = 5.0f + rng.normal();
  for (std::int64_t i = first; i < first + count; ++i) whole.labels.push_back(static_cast<int>(i % 4));
  return whole;
}

struct Step {
  std::vector<double> losses;
  std::vector<Tensor> grads, statistics;
};

Step step_of(parallel::Communicator& group, nested::Model model, nested::Routing routing) {
  constexpr std::int64_t kImages = 12;
  model.network().synchronise(group);
  SubnetStep step(model, {routing, {0.4, 2.0, 0.1}}, group);
  const std::int64_t share = kImages / group.size();
  Step done;
  done.losses = step.run(images(group.rank() * share, share), false, true);
  for (const nn::Parameter& parameter : model.network().parameters()) done.grads.push_back(parameter.grad);
  for (const nn::Buffer& buffer : model.network().buffers()) done.statistics.push_back(buffer.value);
  return done;
}

/// The largest difference relative to the largest value of each tensor.
double difference(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    double largest = 1e-6;
    for (const float value : b[i].values()) largest = std::max(largest, std::abs(double{value}));
    for (std::int64_t j = 0; j < a[i].size(); ++j)
      worst = std::max(worst, std::abs(double{a[i][j]} - double{b[i][j]}) / largest);
  }
  return worst;
}

data::Dataset noise(std::size_t count) {
  data::Dataset set;
  set.name = "noise";
  set.classes = {"a", "b"};
  set.shape = {8, 8, 1};
  set.manifest_sha256 = std::string(64, 'a');
  Rng rng(5);
  for (std::size_t i = 0; i < count * 64; ++i)
    set.pixels.push_back(static_cast<std::uint8_t>(rng.below(256)));
  for (std::size_t i = 0; i < count; ++i) set.labels.push_back(static_cast<int>(i % 2));
  return set;
}

Recipe small_recipe() {
  Recipe recipe;
  recipe.width = 0.25;
  recipe.method = "nested";
  recipe.epochs = 3;
  recipe.batch_size = 20;
  recipe.learning_rate = 0.01;
  recipe.validation_images = 20;
  recipe.crop_padding = 1;
  recipe.sparsities = {0.5, 0.75};
  recipe.prune_start_epoch = 1;
  recipe.prune_end_epoch = 2;
  recipe.prune_every_steps = 2;
  recipe.threads = 1;
  return recipe;
}

}  // namespace

TEST_CASE("processes that share a batch get the losses, gradients and statistics of the whole batch") {
  using nested::Routing;
  const std::pair<nested::Model (*)(), Routing> cases[] = {
      {nested_model, Routing::kSum}, {nested_model, Routing::kAgree}, {gated_model, Routing::kSum}};
  for (const auto& [model, routing] : cases) {
    const Step alone = step_of(parallel::single_process(), model(), routing);
    run_ranks([&, model = model, routing = routing](parallel::Communicator& group) {
      const Step shared = step_of(group, model(), routing);
      for (std::size_t k = 0; k < alone.losses.size(); ++k)
        CHECK(shared.losses[k] == doctest::Approx(alone.losses[k]).epsilon(1e-6));
      CHECK(difference(shared.statistics, alone.statistics) < 1e-5);
      CHECK(difference(shared.grads, alone.grads) < 1e-4);
    });
  }
}

TEST_CASE(
    "a shared run follows one process, ends in the same bytes in all, and process 0 alone saves and "
    "reports") {
  for (const char* method : {"dense", "nested", "slimmable"}) {
    CAPTURE(method);
    Recipe recipe = small_recipe();
    recipe.method = method;
    recipe.widths = {1.0, 0.5};
    const data::Split data = split_for(recipe, noise(100));
    std::vector<double> expected;
    Trainer alone(recipe, data);
    Observers watching;
    watching.on_epoch = [&](const EpochRecord& epoch) { expected.push_back(epoch.subnets[0].train_loss); };
    CHECK(alone.run(watching));
    std::vector<checkpoint::Archive> finished(kRanks);
    std::vector<int> saved(kRanks);
    std::vector<std::vector<double>> losses(kRanks);
    run_ranks([&](parallel::Communicator& group) {
      const auto rank = static_cast<std::size_t>(group.rank());
      Trainer trainer(recipe, data, group);
      Observers observers;
      observers.save_resumable = [&](const checkpoint::Archive&) { ++saved[rank]; };
      observers.on_epoch = [&](const EpochRecord& epoch) {
        losses[rank].push_back(epoch.subnets[0].train_loss);
      };
      CHECK(trainer.run(observers));
      finished[rank] = trainer.finished();
    });
    CHECK(finished[0].arrays == finished[1].arrays);
    CHECK(saved == std::vector<int>{3, 0});  // before the first step and after two epochs
    CHECK(losses[1].empty());
    REQUIRE(losses[0].size() == expected.size());
    CHECK(losses[0][0] == doctest::Approx(expected[0]).epsilon(1e-4));
    CHECK(losses[0][2] == doctest::Approx(expected[2]).epsilon(0.02));
  }
}

TEST_CASE("a stop asked of one process stops all after the same step") {
  const Recipe recipe = small_recipe();
  const data::Split data = split_for(recipe, noise(100));
  std::vector<std::int64_t> steps(kRanks);
  run_ranks([&](parallel::Communicator& group) {
    Trainer trainer(recipe, data, group);
    Observers observers;
    observers.stop_requested = [&] { return group.rank() == 1 && trainer.state().step == 6; };
    CHECK_FALSE(trainer.run(observers));
    steps[static_cast<std::size_t>(group.rank())] = trainer.state().step;
  });
  CHECK(steps == std::vector<std::int64_t>{6, 6});
}

TEST_CASE("what is saved when others are lost in the middle of a step leads to the bytes of the whole run") {
  const Recipe recipe = small_recipe();
  const data::Split data = split_for(recipe, noise(100));
  // From a checkpoint if given; the finished model of process 0, or nothing if others were lost.
  std::vector<checkpoint::Archive> saved;
  const auto finish = [&](const checkpoint::Archive* from, int last_sum) {
    std::optional<checkpoint::Archive> finished;
    run_ranks(
        [&](parallel::Communicator& group) {
          Trainer trainer(recipe, data, group);
          if (from != nullptr) trainer.resume(*from);
          Observers observers;
          observers.save_resumable = [&](const checkpoint::Archive& archive) { saved.push_back(archive); };
          try {
            trainer.run(observers);
            if (group.leads()) finished = trainer.finished();
          } catch (const parallel::ProcessLost&) {
          }
        },
        last_sum);
    return finished;
  };
  const auto whole = finish(nullptr, -1);
  REQUIRE(whole);
  for (const int last_sum : {1, 30, 100, 150, 333}) {
    CAPTURE(last_sum);
    CHECK_FALSE(finish(nullptr, last_sum));
    const checkpoint::Archive last = saved.back();
    const auto resumed = finish(&last, -1);
    REQUIRE(resumed);
    CHECK(resumed->arrays == whole->arrays);
  }
}

TEST_CASE("batches that cannot be shared out evenly are refused") {
  Recipe recipe = small_recipe();
  recipe.batch_size = 21;
  const data::Split data = split_for(recipe, noise(100));
  Exchange exchange;
  ThreadGroup group(exchange, 0);
  EXPECT_ERROR(Trainer(recipe, data, group), kUsage,
               "batches of 21 images cannot be shared out evenly among 2 processes");
}
