// Losses, optimizer and schedules.
#include <doctest/doctest.h>

#include <cmath>

#include "expect_error.h"
#include "ns/base/rng.h"
#include "ns/nn/loss.h"
#include "ns/nn/optimizer.h"
#include "ns/nn/schedule.h"

namespace {

ns::Tensor wide_tensor(const ns::Shape& shape, std::uint64_t seed) {
  ns::Rng rng(seed);
  ns::Tensor tensor(shape);
  for (float& value : tensor.values()) {
    value = 2.0f * rng.normal();
  }
  return tensor;
}

/// The gradient a loss writes against central differences of the value it returns.
template <class Loss>
void check_gradient(ns::Tensor logits, const Loss& loss) {
  ns::Tensor gradient, unused;
  loss(logits, gradient);
  for (std::int64_t i = 0; i < logits.size(); ++i) {
    const float value = logits[i];
    constexpr float kStep = 1.0f / 256;  // exact in float next to logits of this size
    logits[i] = value + kStep;
    const double above = loss(logits, unused);
    logits[i] = value - kStep;
    const double below = loss(logits, unused);
    const double step = double{value + kStep} - double{value - kStep};
    logits[i] = value;
    CHECK(gradient[i] == doctest::Approx((above - below) / step).epsilon(1e-4).scale(0.1));
  }
}

const std::vector<std::int32_t> kLabels{2, 0, 3};

}  // namespace

TEST_CASE("an image of weight two counts twice in a loss, and gradients are those of the weighted loss") {
  const ns::Tensor logits = wide_tensor({3, 4}, 1), teacher = wide_tensor({3, 4}, 2);
  const std::vector<float> weights{2.0f, 0.0f, 1.0f};
  const std::vector<std::int32_t> labels{1, 3, 0}, twice_labels{1, 1, 0};
  ns::Tensor twice({3, 4}), gradient, plain;
  for (std::int64_t i = 0; i < 12; ++i) twice[i] = logits[i >= 4 && i < 8 ? i - 4 : i];
  const double weighted = ns::nn::cross_entropy(logits, labels, 0.1, gradient, weights);
  CHECK(weighted == doctest::Approx(ns::nn::cross_entropy(twice, twice_labels, 0.1, plain)));
  for (std::int64_t c = 0; c < 4; ++c) {
    CHECK(gradient[c] == doctest::Approx(2 * plain[c]));
    CHECK(gradient[4 + c] == 0.0f);
    CHECK(gradient[8 + c] == plain[8 + c]);
  }
  const auto mixed = [&](const ns::Tensor& z) {
    ns::Tensor unused;
    return ns::nn::distilled_cross_entropy(z, labels, teacher, {0.3, 2.0, 0.1}, unused, weights);
  };
  ns::nn::distilled_cross_entropy(logits, labels, teacher, {0.3, 2.0, 0.1}, gradient, weights);
  for (std::int64_t i = 0; i < 12; ++i) {
    constexpr float kStep = 1e-2f;
    ns::Tensor up = logits, down = logits;
    up[i] += kStep;
    down[i] -= kStep;
    CHECK(gradient[i] ==
          doctest::Approx((mixed(up) - mixed(down)) / (double{up[i]} - double{down[i]})).epsilon(1e-3));
  }
  EXPECT_ERROR(ns::nn::cross_entropy(logits, labels, 0.0, gradient, std::span(weights).first(2)), kInternal,
               "2 weights for 3 images");
}

TEST_CASE("cross-entropy of two equal logits is log 2") {
  ns::Tensor gradient;
  const std::vector<std::int32_t> labels{1};
  CHECK(ns::nn::cross_entropy(ns::Tensor({1, 2}), labels, 0.0, gradient) == doctest::Approx(std::log(2.0)));
  CHECK(gradient[0] == doctest::Approx(0.5));
  CHECK(gradient[1] == doctest::Approx(-0.5));
}

TEST_CASE("cross-entropy stays finite for extreme logits") {
  ns::Tensor logits({1, 2}), gradient;
  logits[0] = 1e30f;
  logits[1] = -1e30f;
  const std::vector<std::int32_t> right{0}, wrong{1};
  CHECK(ns::nn::cross_entropy(logits, right, 0.0, gradient) == 0.0);
  CHECK(ns::nn::cross_entropy(logits, wrong, 0.0, gradient) == doctest::Approx(2e30));
  CHECK(gradient[0] == 1.0f);
}

TEST_CASE("the gradients of the losses agree with central differences") {
  const ns::Tensor logits = wide_tensor({3, 4}, 1), teacher = wide_tensor({3, 4}, 2);
  for (const double smoothing : {0.0, 0.1}) {
    check_gradient(logits, [&](const ns::Tensor& z, ns::Tensor& gradient) {
      return ns::nn::cross_entropy(z, kLabels, smoothing, gradient);
    });
  }
  for (const double temperature : {1.0, 4.0}) {
    check_gradient(logits, [&](const ns::Tensor& z, ns::Tensor& gradient) {
      return ns::nn::distillation(z, teacher, temperature, gradient);
    });
  }
  check_gradient(logits, [&](const ns::Tensor& z, ns::Tensor& gradient) {
    return ns::nn::distilled_cross_entropy(z, kLabels, teacher, {0.3, 2.0, 0.1}, gradient);
  });
}

TEST_CASE("distillation from one's own logits is nothing, from others it is positive") {
  const ns::Tensor logits = wide_tensor({3, 4}, 1), teacher = wide_tensor({3, 4}, 2);
  ns::Tensor gradient;
  CHECK(ns::nn::distillation(logits, logits, 3.0, gradient) == 0.0);
  for (const float value : gradient.values()) {
    CHECK(value == 0.0f);
  }
  CHECK(ns::nn::distillation(logits, teacher, 3.0, gradient) > 0.1);
}

TEST_CASE("the mix at its ends is the pure losses") {
  const ns::Tensor logits = wide_tensor({3, 4}, 1), teacher = wide_tensor({3, 4}, 2);
  ns::Tensor gradient;
  CHECK(ns::nn::distilled_cross_entropy(logits, kLabels, teacher, {0.0, 2.0, 0.1}, gradient) ==
        ns::nn::cross_entropy(logits, kLabels, 0.1, gradient));
  CHECK(ns::nn::distilled_cross_entropy(logits, kLabels, teacher, {1.0, 2.0, 0.1}, gradient) ==
        ns::nn::distillation(logits, teacher, 2.0, gradient));
}

TEST_CASE("labels outside the classes and shapes that do not fit are refused") {
  ns::Tensor gradient;
  const std::vector<std::int32_t> high{0, 4}, negative{-1, 0}, three{0, 1, 2};
  const ns::Tensor logits({2, 4});
  EXPECT_ERROR(ns::nn::cross_entropy(logits, high, 0.0, gradient), kInput, "label 4 of image 1");
  EXPECT_ERROR(ns::nn::cross_entropy(logits, negative, 0.0, gradient), kInput, "label -1 of image 0");
  EXPECT_ERROR(ns::nn::cross_entropy(logits, three, 0.0, gradient), kInternal, "3 labels for 2 images");
  EXPECT_ERROR(ns::nn::distillation(logits, ns::Tensor({2, 5}), 1.0, gradient), kInternal, "[2, 5]");
}

TEST_CASE("SGD follows PyTorch's momentum, Nesterov and coupled weight decay") {
  const auto run = [](ns::nn::SgdOptions options, bool decay) {
    std::vector<ns::nn::Parameter> parameters;
    parameters.push_back({"p", ns::Tensor({1}), ns::Tensor({1}), decay, nullptr});
    parameters[0].value[0] = 1.0f;
    ns::nn::Sgd sgd(parameters, options);
    CHECK(sgd.state()[0].name == "p.momentum");
    for (const float gradient : {0.5f, -0.25f, 1.0f}) {
      parameters[0].grad[0] = gradient;
      sgd.step(0.1);
    }
    return parameters[0].value[0];
  };
  // v: 0.5, 0.2, 1.18
  CHECK(run({.momentum = 0.9}, true) == doctest::Approx(1.0 - 0.1 * (0.5 + 0.2 + 1.18)));
  CHECK(run({.momentum = 0.9, .nesterov = true}, true) == doctest::Approx(1.0 - 0.1 * (0.95 - 0.07 + 2.062)));
  // g: 0.5 + 0.1, then -0.25 + 0.094, then 1 + 0.0956
  CHECK(run({.momentum = 0.0, .weight_decay = 0.1}, true) ==
        doctest::Approx(1.0 - 0.1 * (0.6 - 0.156 + 1.0956)));
  CHECK(run({.momentum = 0.0, .weight_decay = 0.1}, false) == doctest::Approx(1.0 - 0.1 * 1.25));
}

TEST_CASE("Adam's first step is the rate in the gradient's direction, the second follows both averages") {
  std::vector<ns::nn::Parameter> parameters(1);
  parameters[0] = {"w", ns::Tensor({2}), ns::Tensor({2}), true, nullptr};
  parameters[0].value.fill(1.0f);
  ns::nn::Adam adam(parameters, {.beta1 = 0.5, .beta2 = 0.75, .epsilon = 0.0});
  parameters[0].grad[0] = 4.0f;
  parameters[0].grad[1] = -0.5f;
  adam.step(0.1);
  CHECK(parameters[0].value[0] == doctest::Approx(0.9));
  CHECK(parameters[0].value[1] == doctest::Approx(1.1));
  parameters[0].grad[0] = 2.0f;
  adam.step(0.1);
  // m = 0.5·2 + 0.5·2 = 2, over 0.75; v = 0.75·4 + 0.25·4 = 4, over 0.4375
  CHECK(parameters[0].value[0] == doctest::Approx(0.9 - 0.1 * (2 / 0.75) / std::sqrt(4 / 0.4375)));
  ns::nn::Adam decaying(parameters, {.weight_decay = 0.5});
  parameters[0].grad.fill(0.0f);
  const float before = parameters[0].value[0];
  decaying.step(0.1);
  CHECK(parameters[0].value[0] == doctest::Approx(before - 0.1f));
}

TEST_CASE("SGD continues from a restored state as if it had never stopped") {
  std::vector<ns::nn::Parameter> whole, parts;
  for (auto* list : {&whole, &parts}) {
    list->push_back({"p", wide_tensor({5}, 1), wide_tensor({5}, 2), true, nullptr});
  }
  ns::nn::Sgd uninterrupted(whole, {}), first(parts, {});
  uninterrupted.step(0.1);
  uninterrupted.step(0.1);
  first.step(0.1);
  ns::nn::Sgd second(parts, {});
  second.state()[0].value = first.state()[0].value;
  second.step(0.1);
  for (std::int64_t i = 0; i < 5; ++i) {
    CHECK(parts[0].value[i] == whole[0].value[i]);
  }
}

TEST_CASE("the cosine schedule warms up linearly, passes the middle at half and ends at the final rate") {
  ns::nn::Schedule schedule;
  schedule.base_rate = 0.4;
  schedule.warmup_steps = 3;
  schedule.total_steps = 103;
  CHECK(schedule.rate(0) == doctest::Approx(0.1));
  CHECK(schedule.rate(2) == doctest::Approx(0.3));
  CHECK(schedule.rate(3) == doctest::Approx(0.4));
  CHECK(schedule.rate(53) == doctest::Approx(0.2));
  CHECK(schedule.rate(102) < 0.001);
  CHECK(schedule.rate(103) == 0.0);
  CHECK(schedule.rate(1000) == 0.0);
  schedule.final_rate = 0.05;
  CHECK(schedule.rate(53) == doctest::Approx(0.225));
  CHECK(schedule.rate(103) == 0.05);
}

TEST_CASE("the constant schedule stays and the multi-step schedule falls at its milestones") {
  ns::nn::Schedule schedule;
  schedule.kind = ns::nn::Schedule::Kind::kConstant;
  CHECK(schedule.rate(1000000) == 0.1);
  schedule.kind = ns::nn::Schedule::Kind::kMultiStep;
  schedule.milestones = {10, 20};
  CHECK(schedule.rate(9) == 0.1);
  CHECK(schedule.rate(10) == doctest::Approx(0.01));
  CHECK(schedule.rate(20) == doctest::Approx(0.001));
}
