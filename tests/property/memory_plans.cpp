// Arena plans of random networks: nothing that is alive at once overlaps.
#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "ns/pack/memory_plan.h"

using namespace ns::quant;
using ns::pack::MemoryPlan;
using ns::pack::plan_memory;
using ns::pack::tensor_bytes;

namespace {

/// Chains with skips: every operator reads one or two of the tensors before it.
QuantisedNetwork random_network(std::mt19937& rng, int operators) {
  QuantisedNetwork network;
  const auto random_tensor = [&] {
    return QuantisedTensor{1 + static_cast<int>(rng() % 9), 4, 1 + static_cast<int>(rng() % 40), false};
  };
  network.tensors.push_back(random_tensor());
  for (int i = 0; i < operators; ++i) {
    QuantisedOperator op;
    op.output = i + 1;
    op.input = std::max(0, i - static_cast<int>(rng() % 3));
    std::vector<int> equal;
    for (int t = 0; t <= i; ++t)
      if (network.tensors[static_cast<std::size_t>(t)] == network.tensors[static_cast<std::size_t>(op.input)])
        equal.push_back(t);
    if (rng() % 2) {
      op.kind = OperatorKind::kAdd;
      op.second_input = equal[rng() % equal.size()];
      network.tensors.push_back(network.tensors[static_cast<std::size_t>(op.input)]);
    } else {
      network.tensors.push_back(rng() % 3 ? network.tensors.back() : random_tensor());
    }
    network.operators.push_back(op);
  }
  return network;
}

int last_read(const QuantisedNetwork& network, int tensor) {
  if (tensor + 1 == static_cast<int>(network.tensors.size()))
    return static_cast<int>(network.operators.size());
  int last = tensor - 1;  // nobody: as long as it is written
  for (std::size_t i = 0; i < network.operators.size(); ++i)
    if (network.operators[i].input == tensor || network.operators[i].second_input == tensor)
      last = static_cast<int>(i);
  return last;
}

bool overlap(std::uint32_t a, std::uint32_t a_bytes, std::uint32_t b, std::uint32_t b_bytes) {
  return a_bytes > 0 && b_bytes > 0 && a < b + b_bytes && b < a + a_bytes;
}

/// "" or what is wrong with the plan.
std::string fault(const QuantisedNetwork& network, const std::vector<std::uint32_t>& scratch,
                  const MemoryPlan& plan) {
  const auto place = [&](int t) { return plan.tensor_offsets[static_cast<std::size_t>(t)]; };
  const auto bytes = [&](int t) { return tensor_bytes(network.tensors[static_cast<std::size_t>(t)]); };
  for (std::size_t i = 0; i < network.operators.size(); ++i) {
    const QuantisedOperator& op = network.operators[i];
    const int now = static_cast<int>(i);
    const std::uint32_t scratch_at = plan.scratch_offsets[i];
    if (scratch_at % 16 != 0 || scratch_at + scratch[i] > plan.arena_bytes)
      return "scratch outside the arena";
    for (int t = 0; t <= op.output; ++t) {
      if (place(t) % 16 != 0 || place(t) + bytes(t) > plan.arena_bytes) return "tensor outside the arena";
      if (t < op.output && last_read(network, t) < now) continue;
      if (overlap(place(t), bytes(t), scratch_at, scratch[i])) return "scratch over a living tensor";
      if (t == op.output || !overlap(place(t), bytes(t), place(op.output), bytes(op.output))) continue;
      const bool in_place = op.kind == OperatorKind::kAdd && (t == op.input || t == op.second_input) &&
                            last_read(network, t) == now && place(t) == place(op.output) &&
                            bytes(t) == bytes(op.output);
      if (!in_place) return "operator " + std::to_string(i) + " overwrites tensor " + std::to_string(t);
    }
  }
  return "";
}

}  // namespace

TEST_CASE("Random networks' plans hold every living tensor and scratch apart, close to the lower bound") {
  const unsigned seed = 41;
  CAPTURE(seed);
  std::mt19937 rng(seed);
  double ratio = 0;
  constexpr int kRounds = 150;
  for (int round = 0; round < kRounds; ++round) {
    CAPTURE(round);
    const QuantisedNetwork network = random_network(rng, 1 + static_cast<int>(rng() % 15));
    std::vector<std::uint32_t> scratch;
    for (std::size_t i = 0; i < network.operators.size(); ++i) scratch.push_back(rng() % 2 ? rng() % 700 : 0);
    const MemoryPlan plan = plan_memory(network, scratch);
    CHECK(fault(network, scratch, plan) == "");
    CHECK(plan.arena_bytes % 16 == 0);
    CHECK(plan.arena_bytes >= plan.lower_bound_bytes);
    ratio += static_cast<double>(plan.arena_bytes) / plan.lower_bound_bytes / kRounds;
  }
  CHECK(ratio < 1.02);
}

TEST_CASE(
    "Plans for a fast RAM cut nothing at its end, and leave it more accesses than plans that do not know "
    "it") {
  std::mt19937 rng(42);
  double known = 0, unknown = 0;
  for (int round = 0; round < 60; ++round) {
    CAPTURE(round);
    const QuantisedNetwork network = random_network(rng, 2 + static_cast<int>(rng() % 12));
    std::vector<std::uint32_t> scratch;
    ns::pack::FastRam fast;
    for (std::size_t i = 0; i < network.operators.size(); ++i) {
      scratch.push_back(rng() % 2 ? rng() % 700 : 0);
      fast.scratch_accesses.push_back(scratch.back() * 20.0);
    }
    const MemoryPlan smallest = plan_memory(network, scratch);
    fast.bytes = smallest.arena_bytes / 2;
    const MemoryPlan plan = plan_memory(network, scratch, fast);
    CHECK(fault(network, scratch, plan) == "");
    const std::uint32_t border = fast.bytes / 16 * 16;
    double all = 0, below = 0, below_unknown = 0;
    const auto visit = [&](std::uint32_t at, std::uint32_t at_unknown, std::uint32_t bytes, double accesses) {
      CHECK((at + bytes <= border || at >= border || bytes == 0));
      all += accesses;
      below += at < border ? accesses : 0;
      below_unknown += at_unknown + bytes <= border ? accesses : 0;
    };
    for (std::size_t i = 0; i < network.operators.size(); ++i) {
      const QuantisedOperator& op = network.operators[i];
      visit(plan.scratch_offsets[i], smallest.scratch_offsets[i], scratch[i], scratch[i] * 20.0);
      for (const int t : {op.input, op.second_input, op.output}) {
        if (t < 0) continue;
        const auto tensor = static_cast<std::size_t>(t);
        const std::uint32_t bytes = tensor_bytes(network.tensors[tensor]);
        visit(plan.tensor_offsets[tensor], smallest.tensor_offsets[tensor], bytes, bytes);
      }
    }
    CHECK(plan.fast_share == doctest::Approx(below / all));
    known += below / all;
    unknown += below_unknown / all;
    fast.bytes = smallest.arena_bytes;
    CHECK(plan_memory(network, scratch, fast).tensor_offsets == smallest.tensor_offsets);
  }
  CHECK(known > 1.05 * unknown);
}

TEST_CASE("An addition writes over an addend that nobody reads again") {
  QuantisedNetwork network;
  network.tensors.assign(4, {4, 4, 16, false});
  network.operators.resize(3);
  for (int i = 0; i < 3; ++i) network.operators[static_cast<std::size_t>(i)].output = i + 1;
  network.operators[1].input = 1;  // reads the first operator's output; the input dies
  network.operators[2] = network.operators[1];
  network.operators[2].kind = OperatorKind::kAdd;
  network.operators[2].second_input = 2;
  network.operators[2].output = 3;
  const MemoryPlan plan = plan_memory(network, {0, 0, 0});
  CHECK(plan.arena_bytes == 2 * 256);
  CHECK(plan.lower_bound_bytes == 2 * 256);
}
