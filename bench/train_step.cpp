// Images per second of a full training step (forward, loss, backward, SGD) on random data.
// Run it with OMP_WAIT_POLICY=passive: threads that spin while waiting cost 10x and more on a busy machine.
// usage: train_step [batch=128] [steps=30] [repeats=5] [architecture=resnet8] [width=1]
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "ns/arch/registry.h"
#include "ns/base/rng.h"
#include "ns/nn/loss.h"
#include "ns/nn/network.h"
#include "ns/nn/optimizer.h"

int main(int argc, char** argv) {
  const int batch = argc > 1 ? std::atoi(argv[1]) : 128;
  const int steps = argc > 2 ? std::atoi(argv[2]) : 30;
  const int repeats = argc > 3 ? std::atoi(argv[3]) : 5;
  const char* architecture = argc > 4 ? argv[4] : "resnet8";
  const double width = argc > 5 ? std::atof(argv[5]) : 1.0;

  ns::nn::Network network(ns::arch::build(architecture, {32, 32, 3}, 10, width), 1, 1);
  ns::nn::Sgd sgd(network.parameters(), {.momentum = 0.9, .weight_decay = 1e-4});
  ns::Rng rng(7);
  ns::Tensor images({batch, 32, 32, 3}), gradient;
  for (float& value : images.values()) {
    value = rng.normal();
  }
  std::vector<std::int32_t> labels;
  for (int i = 0; i < batch; ++i) {
    labels.push_back(static_cast<std::int32_t>(rng.below(10)));
  }

  double first_loss = 0.0, loss = 0.0;
  const auto step = [&] {
    const ns::Tensor& logits = network.forward(images, ns::nn::Mode::kTrain);
    loss = ns::nn::cross_entropy(logits, labels, 0.0, gradient);
    network.backward(gradient);
    sgd.step(0.05);
  };
  step();
  first_loss = loss;
  std::vector<double> rates;
  for (int repeat = 0; repeat < repeats; ++repeat) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < steps; ++i) {
      step();
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    rates.push_back(static_cast<double>(batch) * steps / seconds.count());
  }
  // No number without a check: one batch seen again and again must be learned.
  if (!std::isfinite(loss) || loss > 0.9 * first_loss) {
    std::fprintf(stderr, "train_step: the loss went from %g to %g: not a valid measurement\n", first_loss,
                 loss);
    return 1;
  }
  std::sort(rates.begin(), rates.end());
  std::printf(
      "%s x%g batch %d: images/s min %.0f median %.0f max %.0f of %d x %d steps (loss %.4f to %.4f)\n",
      architecture, width, batch, rates.front(), rates[rates.size() / 2], rates.back(), repeats, steps,
      first_loss, loss);
  return 0;
}
