// nestkit's side of bench/train_speed: trains a network on random data as told on standard input.
// usage: train_session ARCHITECTURE WIDTH BATCH THREADS RATE PRECISION START
// Writes START, a checkpoint of the initial weights with the arrays "images" [batches, n, h, w, c] and
// "labels" [batches, n], and one JSON line about the network. Then a command a line: "dense N" or "nested N"
// trains N steps and prints {"seconds", "losses"}; "peak" multiplies matrices and prints {"gflops"}.
#include <omp.h>

#include <chrono>
#include <dnnl.hpp>
#include <iostream>
#include <numeric>
#include <string>
#include <vector>

#include "ns/arch/registry.h"
#include "ns/base/json.h"
#include "ns/base/rng.h"
#include "ns/nested/allocation.h"
#include "ns/nested/model.h"
#include "ns/nn/optimizer.h"
#include "ns/train/subnet_step.h"

namespace {

using ns::nested::Model;
using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kSeed = 1;
constexpr int kClasses = 10, kBatches = 4;
constexpr double kSparsities[] = {0.5, 0.7, 0.9};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::vector<ns::data::Batch> random_batches(const ns::ImageShape& in, int n) {
  ns::Rng rng(7);
  std::vector<ns::data::Batch> batches(kBatches);
  for (ns::data::Batch& batch : batches) {
    batch.x = ns::Tensor({n, in.h, in.w, in.c});
    for (float& value : batch.x.values()) {
      value = rng.normal();
    }
    for (int i = 0; i < n; ++i) {
      batch.labels.push_back(static_cast<std::int32_t>(rng.below(kClasses)));
    }
  }
  return batches;
}

void write_start(const std::string& path, const Model& model, const std::vector<ns::data::Batch>& batches) {
  ns::checkpoint::Archive archive;
  ns::checkpoint::Profile profile;
  profile.graph = ns::canonical_dump(to_json(model.network().graph()));
  profile.config = "{}";
  profile.seed = kSeed;
  set_profile(archive, profile);
  write_tensors(model, archive);
  ns::Shape shape = batches[0].x.shape();
  shape.insert(shape.begin(), kBatches);
  std::vector<float> images;
  std::vector<std::int32_t> labels;
  for (const ns::data::Batch& batch : batches) {
    images.insert(images.end(), batch.x.values().begin(), batch.x.values().end());
    labels.insert(labels.end(), batch.labels.begin(), batch.labels.end());
  }
  archive.arrays["images"] = ns::checkpoint::make_array<float>(shape, images);
  archive.arrays["labels"] = ns::checkpoint::make_array<std::int32_t>({kBatches, shape[1]}, labels);
  write_safetensors(path, archive, ns::Overwrite::kYes);
}

/// Of forward, weight gradient and, where somebody needs it, data gradient.
double flops_per_image(const ns::nn::Graph& graph) {
  double flops = 0;
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    const bool first = graph.layers[i].inputs[0] == "input";
    flops += (first ? 4.0 : 6.0) * static_cast<double>(graph.macs(i));
  }
  return flops;
}

/// One model under training, by the very step of ns-train.
class Session {
 public:
  Session(Model& model, const std::vector<ns::data::Batch>& batches, double rate, ns::nn::Precision precision)
      : batches_(batches),
        dense_(model.levels().empty()),
        rate_(rate),
        step_(model, {.precision = precision}),
        sgd_(model.network().parameters(), {.momentum = 0.9, .weight_decay = 1e-4}) {}

  ns::Json run(int steps) {
    std::vector<double> losses;
    const auto start = Clock::now();
    for (int i = 0; i < steps; ++i) {
      losses.push_back(step_.run(batches_[done_++ % kBatches], dense_, false).back());
      sgd_.step(rate_);
    }
    return {{"seconds", seconds_since(start)}, {"losses", losses}};
  }

 private:
  const std::vector<ns::data::Batch>& batches_;
  bool dense_;
  double rate_;
  std::size_t done_ = 0;
  ns::train::SubnetStep step_;
  ns::nn::Sgd sgd_;
};

/// The best of several products of square matrices.
double peak_gflops() {
  constexpr dnnl_dim_t kSize = 1024;
  std::vector<float> a(kSize * kSize, 0.5f), b(kSize * kSize, 2.0f), c(kSize * kSize);
  double best = 0;
  for (int i = 0; i < 20; ++i) {
    const auto start = Clock::now();
    dnnl::sgemm('N', 'N', kSize, kSize, kSize, 1.0f, a.data(), kSize, b.data(), kSize, 0.0f, c.data(), kSize);
    best = std::max(best, 2e-9 * kSize * kSize * kSize / seconds_since(start));
  }
  if (c.front() != kSize || c.back() != kSize) {
    throw ns::internal_error("a matrix product is wrong");
  }
  return best;
}

int run(const std::vector<std::string>& words) {
  if (words.size() != 7 || (words[5] != "float32" && words[5] != "bfloat16")) {
    throw ns::usage_error("expected ARCHITECTURE WIDTH BATCH THREADS RATE float32|bfloat16 START");
  }
  const ns::nn::Graph graph = ns::arch::build(words[0], {32, 32, 3}, kClasses, std::stod(words[1]));
  const int batch = std::stoi(words[2]);
  const double rate = std::stod(words[4]);
  const auto precision = words[5] == "bfloat16" ? ns::nn::Precision::kBfloat16 : ns::nn::Precision::kFloat32;
  omp_set_num_threads(std::stoi(words[3]));

  const std::vector<ns::data::Batch> batches = random_batches(graph.input, batch);
  Model plain(graph, 1, kSeed), nested(graph, std::size(kSparsities), kSeed);
  const auto allocation =
      ns::nested::uniform_allocation(graph, ns::nested::default_dense_layers(), kSparsities);
  nested.set_levels(ns::nested::magnitude_levels(nested.network(), allocation, 2, 1.0));
  write_start(words[6], plain, batches);
  Session dense_session(plain, batches, rate, precision), nested_session(nested, batches, rate, precision);
  std::cout << ns::Json{{"flops_per_image", flops_per_image(graph)}, {"threads", omp_get_max_threads()}}
            << std::endl;

  std::string command;
  while (std::cin >> command) {
    if (command == "peak") {
      std::cout << ns::Json{{"gflops", peak_gflops()}} << std::endl;
      continue;
    }
    int steps = 0;
    if (!(std::cin >> steps) || (command != "dense" && command != "nested")) {
      throw ns::usage_error("unknown command '" + command + "'");
    }
    std::cout << (command == "dense" ? dense_session : nested_session).run(steps) << std::endl;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << "train_session: error: " << error.what() << '\n';
    return 1;
  }
}
