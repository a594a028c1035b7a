// What one training step does to every parameter, against passes made by hand.
#include "ns/train/subnet_step.h"

#include <doctest/doctest.h>

#include "ns/arch/registry.h"
#include "ns/base/rng.h"
#include "ns/nested/allocation.h"
#include "ns/train/run_state.h"

using namespace ns;
using namespace ns::train;
using nested::Routing;

namespace {

constexpr int kSubnets = 3;
const nn::DistillationMix kMix{0.4, 2.0, 0.1};

nested::Model nested_model() {
  nested::Model model(arch::build("resnet8", {8, 8, 1}, 4, 0.25), kSubnets, 11);
  const auto allocation = nested::uniform_allocation(model.network().graph(), nested::default_dense_layers(),
                                                     std::vector<double>{0.4, 0.6, 0.8});
  model.set_levels(nested::magnitude_levels(model.network(), allocation, 2, 1.0));
  return model;
}

data::Batch random_batch() {
  Rng rng(3);
  data::Batch batch;
  batch.x = Tensor({6, 8, 8, 1});
  for (float& value : batch.x.values()) value = rng.normal();
  for (int i = 0; i < 6; ++i) batch.labels.push_back(i % 4);
  return batch;
}

/// Gradients of every subnet's own loss, [k − 1][parameter]. The teacher's logits are constants.
std::vector<std::vector<Tensor>> separate_gradients(nested::Model& model, const data::Batch& batch,
                                                    bool shared_batch_norm = false) {
  std::vector<std::vector<Tensor>> gradients(kSubnets);
  nn::Network& network = model.network();
  Tensor teacher, logits_grad;
  for (int k = kSubnets; k >= 1; --k) {
    model.select(k);
    if (shared_batch_norm) network.select_bank(0);
    const Tensor logits = network.forward(batch.x, nn::Mode::kTrain);
    if (k == kSubnets) {
      teacher = logits;
      nn::cross_entropy(logits, batch.labels, kMix.smoothing, logits_grad);
    } else {
      nn::distilled_cross_entropy(logits, batch.labels, teacher, kMix, logits_grad);
    }
    network.backward(logits_grad);
    for (const nn::Parameter& parameter : network.parameters())
      gradients[static_cast<std::size_t>(k - 1)].push_back(parameter.grad);
  }
  return gradients;
}

/// What the routing's definition makes of one weight's gradients; `g(k)` is that of subnet k's loss.
template <class Gradient>
double routed(Routing routing, int level, bool regrow, Gradient g) {
  if (level == 0) return regrow ? g(kSubnets) : 0.0;
  double sum = 0;
  for (int k = level; k <= kSubnets; ++k) sum += g(k);
  switch (routing) {
    case Routing::kSum:
      return sum;
    case Routing::kMean:
      return sum / (kSubnets - level + 1);
    case Routing::kSparsest:
      return g(level);
    case Routing::kDensest:
      return g(kSubnets);
    case Routing::kAgree: {
      double agreeing = 0;
      for (int k = level; k <= kSubnets; ++k) agreeing += g(k) * sum > 0 ? g(k) : 0;
      return agreeing;
    }
  }
  return 0;
}

}  // namespace

TEST_CASE(
    "a step gives every weight the gradients that its routing defines, and batch-norm its own subnet's") {
  nested::Model model = nested_model();
  const data::Batch batch = random_batch();
  const std::vector<std::vector<Tensor>> separate = separate_gradients(model, batch);
  const std::vector<int> banks = nested::banks_of_parameters(model.network());
  const std::vector<nn::Parameter>& parameters = model.network().parameters();
  for (const Routing routing :
       {Routing::kSum, Routing::kMean, Routing::kSparsest, Routing::kDensest, Routing::kAgree}) {
    for (const bool regrow : {false, true}) {
      SubnetStep step(model, {routing, kMix});
      const std::vector<double> losses = step.run(batch, false, regrow);
      CHECK(losses.size() == kSubnets);
      std::int64_t wrong = 0, pruned = 0;
      for (std::size_t p = 0; p < parameters.size(); ++p) {
        const auto map = model.levels().find(parameters[p].name);
        for (std::int64_t i = 0; i < parameters[p].grad.size(); ++i) {
          const auto own = [&](int k) { return double{separate[static_cast<std::size_t>(k - 1)][p][i]}; };
          const int level =
              map == model.levels().end() ? 1 : map->second.weight_levels()[static_cast<std::size_t>(i)];
          const double expected = banks[p] >= 0 ? own(banks[p] + 1) : routed(routing, level, regrow, own);
          wrong += parameters[p].grad[i] != doctest::Approx(expected).epsilon(1e-5).scale(1e-2);
          pruned += level == 0;
        }
      }
      CAPTURE(to_string(routing));
      CAPTURE(regrow);
      CHECK(wrong == 0);
      CHECK(pruned > 0);
    }
  }
}

TEST_CASE("shared batch-norm learns from all subnets, the other banks not at all") {
  nested::Model model = nested_model();
  const data::Batch batch = random_batch();
  const std::vector<std::vector<Tensor>> separate = separate_gradients(model, batch, true);
  const std::vector<int> banks = nested::banks_of_parameters(model.network());
  SubnetStep step(model, {.mix = kMix, .shared_batch_norm = true});
  step.run(batch, false, false);
  std::int64_t wrong = 0, learning = 0;
  for (std::size_t p = 0; p < banks.size(); ++p) {
    const nn::Parameter& parameter = model.network().parameters()[p];
    if (banks[p] < 0) continue;  // the other test's
    for (std::int64_t i = 0; i < parameter.grad.size(); ++i) {
      const auto own = [&](int k) { return double{separate[static_cast<std::size_t>(k - 1)][p][i]}; };
      const double expected = banks[p] == 0 ? routed(Routing::kSum, 1, false, own) : 0.0;
      wrong += parameter.grad[i] != doctest::Approx(expected).epsilon(1e-5).scale(1e-2);
      learning += parameter.grad[i] != 0;
    }
  }
  CHECK(wrong == 0);
  CHECK(learning > 0);
  CHECK(model.network().buffer("stem.bn.running_mean").value[0] != 0.0f);
}

TEST_CASE("loss weights multiply what each subnet gives, and leave the losses told as they are") {
  nested::Model model = nested_model();
  const data::Batch batch = random_batch();
  const std::vector<std::vector<Tensor>> separate = separate_gradients(model, batch);
  const std::vector<int> banks = nested::banks_of_parameters(model.network());
  const std::vector<double> plain = SubnetStep(model, {Routing::kSum, kMix}).run(batch, false, false);
  std::vector<double> weights(kSubnets);
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = 0.5 + static_cast<double>(i);
  SubnetStep step(model, {.mix = kMix, .loss_weights = weights});
  CHECK(step.run(batch, false, false) == plain);
  std::int64_t wrong = 0;
  for (std::size_t p = 0; p < banks.size(); ++p) {
    const nn::Parameter& parameter = model.network().parameters()[p];
    const auto map = model.levels().find(parameter.name);
    for (std::int64_t i = 0; i < parameter.grad.size(); ++i) {
      const auto own = [&](int k) {
        return weights[static_cast<std::size_t>(kSubnets - k)] *
               double{separate[static_cast<std::size_t>(k - 1)][p][i]};
      };
      const int level =
          map == model.levels().end() ? 1 : map->second.weight_levels()[static_cast<std::size_t>(i)];
      const double expected = banks[p] >= 0 ? own(banks[p] + 1) : routed(Routing::kSum, level, false, own);
      wrong += parameter.grad[i] != doctest::Approx(expected).epsilon(1e-5).scale(1e-2);
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("the dense warm-up trains the weights and bank 0 and leaves the other banks as they were") {
  nested::Model model(arch::build("resnet8", {8, 8, 1}, 4, 0.25), kSubnets, 11);
  const data::Batch batch = random_batch();
  SubnetStep step(model, {Routing::kSum, kMix});
  CHECK(step.run(batch, true, false).size() == 1);
  const std::vector<int> banks = nested::banks_of_parameters(model.network());
  for (std::size_t p = 0; p < banks.size(); ++p) {
    const nn::Parameter& parameter = model.network().parameters()[p];
    CAPTURE(parameter.name);
    const auto values = parameter.grad.values();
    const bool learns = std::any_of(values.begin(), values.end(), [](float g) { return g != 0; });
    CHECK(learns == (banks[p] <= 0));
  }
  CHECK(model.network().buffer("stem.bn.running_mean").value[0] != 0.0f);
  CHECK(model.network().buffer("stem.bn@1.running_mean").value[0] == 0.0f);
}

TEST_CASE("when pruning begins every bank takes over parameters, statistics and momentum of bank 0") {
  Recipe recipe;
  recipe.method = "nested";
  recipe.sparsities = {0.4, 0.6, 0.8};
  RunState state(recipe, arch::build("resnet8", {8, 8, 1}, 4, 0.25));
  Rng rng(9);
  const auto randomise = [&](Tensor& tensor) {
    for (float& value : tensor.values()) value = rng.normal();
  };
  for (nn::Parameter& parameter : state.model.network().parameters()) randomise(parameter.value);
  for (nn::Buffer& buffer : state.model.network().buffers()) randomise(buffer.value);
  for (nn::Buffer& velocity : state.optimizer->state()) randomise(velocity.value);
  const Tensor conv = state.model.network().parameter("stack1.conv1.weight").value;
  spread_bank_0(state);
  const auto equal = [](const Tensor& a, const Tensor& b) {
    return std::equal(a.values().begin(), a.values().end(), b.values().begin(), b.values().end());
  };
  CHECK(equal(conv, state.model.network().parameter("stack1.conv1.weight").value));
  std::map<std::string, const Tensor*> velocities;
  for (const nn::Buffer& velocity : state.optimizer->state()) velocities[velocity.name] = &velocity.value;
  for (const std::string bank : {"@1", "@2"}) {
    for (const char* part : {".weight", ".bias"}) {
      nn::Network& network = state.model.network();
      CHECK(equal(network.parameter("stack2.bn1" + bank + part).value,
                  network.parameter(std::string("stack2.bn1") + part).value));
      CHECK(equal(*velocities.at("stack2.bn1" + bank + part + ".momentum"),
                  *velocities.at(std::string("stack2.bn1") + part + ".momentum")));
    }
    for (const char* part : {".running_mean", ".running_var"})
      CHECK(equal(state.model.network().buffer("stack2.bn1" + bank + part).value,
                  state.model.network().buffer(std::string("stack2.bn1") + part).value));
  }
}
