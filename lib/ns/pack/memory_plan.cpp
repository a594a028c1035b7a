#include "ns/pack/memory_plan.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "ns/base/rng.h"

namespace ns::pack {
namespace {

constexpr std::uint32_t kAlignment = 16;
constexpr int kRandomOrders = 200;

std::uint32_t align(std::uint32_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

/// Memory that is needed from operator `first` to operator `last`, both included.
struct Item {
  std::uint32_t bytes = 0;
  int first = 0, last = 0;
  std::uint32_t offset = 0;
  double accesses = 0;  // bytes read and written
};

/// Tensors and scratches as items; tensors that an addition may overwrite in place share one.
struct Problem {
  std::vector<Item> items;
  std::vector<std::size_t> item_of_tensor, item_of_scratch;
};

Problem items_of(const quant::QuantisedNetwork& network, const std::vector<std::uint32_t>& scratch_bytes,
                 const FastRam& fast, bool in_place) {
  const int operators = static_cast<int>(network.operators.size());
  std::vector<int> last_read;  // at least as long as it is written
  for (int tensor = 0; tensor <= operators; ++tensor) last_read.push_back(std::max(0, tensor - 1));
  for (int i = 0; i < operators; ++i) {
    const auto& op = network.operators[static_cast<std::size_t>(i)];
    last_read[static_cast<std::size_t>(op.input)] = i;
    if (op.second_input >= 0) last_read[static_cast<std::size_t>(op.second_input)] = i;
  }
  for (const int output : network.outputs())  // outlives the last operator
    last_read[static_cast<std::size_t>(output)] = operators;

  Problem problem;
  problem.items.push_back({align(tensor_bytes(network.tensors[0])), 0, last_read[0]});
  problem.item_of_tensor.push_back(0);
  for (int i = 0; i < operators; ++i) {
    const auto index = static_cast<std::size_t>(i);
    const auto& op = network.operators[index];
    const int last = last_read[index + 1];
    const auto dies_here = [&](int tensor) {
      if (tensor < 0 || last_read[static_cast<std::size_t>(tensor)] != i) return false;
      const quant::QuantisedTensor &from = network.tensors[static_cast<std::size_t>(tensor)],
                                   &to = network.tensors[index + 1];
      return from.h == to.h && from.w == to.w && from.c == to.c && tensor_bytes(from) == tensor_bytes(to);
    };
    int reused = -1;
    if (in_place && (op.kind == quant::OperatorKind::kAdd || op.kind == quant::OperatorKind::kStep))
      reused = dies_here(op.input) ? op.input : dies_here(op.second_input) ? op.second_input : -1;
    if (reused >= 0) {
      problem.item_of_tensor.push_back(problem.item_of_tensor[static_cast<std::size_t>(reused)]);
      Item& item = problem.items[problem.item_of_tensor.back()];
      item.last = std::max(item.last, last);
    } else {
      problem.item_of_tensor.push_back(problem.items.size());
      problem.items.push_back({align(tensor_bytes(network.tensors[index + 1])), i, last});
    }
  }
  for (int i = 0; i < operators; ++i) {
    problem.item_of_scratch.push_back(problem.items.size());
    const double accesses = fast.bytes == 0 ? 0 : fast.scratch_accesses.at(static_cast<std::size_t>(i));
    problem.items.push_back({align(scratch_bytes[static_cast<std::size_t>(i)]), i, i, 0, accesses});
  }
  const auto access = [&](int tensor) {
    if (tensor >= 0)
      problem.items[problem.item_of_tensor[static_cast<std::size_t>(tensor)]].accesses +=
          tensor_bytes(network.tensors[static_cast<std::size_t>(tensor)]);
  };
  for (const auto& op : network.operators) {
    access(op.input);
    access(op.second_input);
    access(op.output);
  }
  return problem;
}

/// Lowest free place for each item in turn, not across `border`. Returns the arena's size.
std::uint32_t place(std::vector<Item>& items, const std::vector<std::size_t>& order, std::uint32_t border) {
  std::uint32_t arena = 0;
  std::vector<const Item*> placed;  // by rising offset
  for (const std::size_t index : order) {
    Item& item = items[index];
    item.offset = 0;
    if (item.bytes == 0) continue;
    const auto stay_on_one_side = [&] {
      if (item.offset < border && item.offset + item.bytes > border) item.offset = border;
    };
    stay_on_one_side();
    for (const Item* other : placed) {
      if (other->first > item.last || item.first > other->last) continue;
      if (other->offset >= item.offset + item.bytes) break;
      item.offset = std::max(item.offset, other->offset + other->bytes);
      stay_on_one_side();
    }
    arena = std::max(arena, item.offset + item.bytes);
    placed.insert(std::upper_bound(placed.begin(), placed.end(), &item,
                                   [](const Item* a, const Item* b) { return a->offset < b->offset; }),
                  &item);
  }
  return arena;
}

/// Bytes, and the operator that needs them.
std::pair<std::uint32_t, int> most_alive(const std::vector<Item>& items, int operators) {
  std::pair<std::uint32_t, int> most{0, 0};
  for (int i = 0; i < operators; ++i) {
    std::uint32_t alive = 0;
    for (const Item& item : items)
      if (item.first <= i && i <= item.last) alive += item.bytes;
    if (alive > most.first) most = {alive, i};
  }
  return most;
}

/// Share of the accesses that go to what lies below `border`.
double share_below(const std::vector<Item>& items, std::uint32_t border) {
  double all = 0, below = 0;
  for (const Item& item : items) {
    if (item.bytes == 0) continue;
    all += item.accesses;
    if (item.offset < border) below += item.accesses;
  }
  return all > 0 ? below / all : 1;
}

/// What a plan is compared by; the smaller wins.
struct Score {
  std::uint32_t bytes_over = 0;  // of the arena, above what is allowed
  double slow_share = 0;
  std::uint32_t arena_bytes = 0;
  auto operator<=>(const Score&) const = default;
};

/// The best plan by `score(items, arena bytes)`.
template <class MakeScore>
MemoryPlan search(const quant::QuantisedNetwork& network, const std::vector<std::uint32_t>& scratch_bytes,
                  const FastRam& fast, std::uint32_t border, MakeScore score) {
  MemoryPlan best;
  Score least;
  for (const bool in_place : {true, false}) {
    Problem problem = items_of(network, scratch_bytes, fast, in_place);
    std::vector<Item>& items = problem.items;
    const auto [bound, fullest] = most_alive(items, static_cast<int>(network.operators.size()));
    if (in_place) {
      best.lower_bound_bytes = bound;
      best.fullest_operator = fullest;
    }

    const auto try_order = [&](const std::vector<std::size_t>& order) {
      const std::uint32_t arena = place(items, order, border);
      const Score found = score(items, arena, best.lower_bound_bytes);
      if (best.arena_bytes != 0 && !(found < least)) return;
      least = found;
      best.arena_bytes = arena;
      best.fast_share = 1 - found.slow_share;
      best.tensor_offsets.clear();
      for (const std::size_t item : problem.item_of_tensor) best.tensor_offsets.push_back(items[item].offset);
      best.scratch_offsets.clear();
      for (const std::size_t item : problem.item_of_scratch)
        best.scratch_offsets.push_back(items[item].offset);
    };
    std::vector<std::size_t> order(items.size());
    std::iota(order.begin(), order.end(), 0U);
    const auto try_sorted = [&](auto key) {
      std::stable_sort(order.begin(), order.end(),
                       [&](std::size_t a, std::size_t b) { return key(items[a]) > key(items[b]); });
      try_order(order);
    };
    try_sorted([](const Item& item) { return std::uint64_t{item.bytes}; });
    try_sorted([](const Item& item) {
      return std::uint64_t{item.bytes} * static_cast<unsigned>(item.last - item.first + 1);
    });
    try_sorted([](const Item& item) { return static_cast<std::uint64_t>(item.last - item.first); });
    if (border != 0) {
      try_sorted([](const Item& item) { return item.accesses; });
      try_sorted([](const Item& item) { return item.bytes == 0 ? 0 : item.accesses / item.bytes; });
    }
    Rng rng(1);  // a plan must not depend on the run
    for (int i = 0; i < kRandomOrders && (border != 0 || best.arena_bytes > bound); ++i) {
      rng.shuffle(std::span(order));
      try_order(order);
    }
  }
  return best;
}

}  // namespace

std::uint32_t tensor_bytes(const quant::QuantisedTensor& tensor) {
  return static_cast<std::uint32_t>(tensor.count()) * (tensor.is_int16 ? 2 : 1);
}

MemoryPlan plan_memory(const quant::QuantisedNetwork& network,
                       const std::vector<std::uint32_t>& scratch_bytes, const FastRam& fast) {
  MemoryPlan smallest = search(network, scratch_bytes, fast, 0,
                               [](const std::vector<Item>&, std::uint32_t arena, std::uint32_t) {
                                 return Score{0, 0, arena};
                               });
  if (fast.bytes == 0 || smallest.arena_bytes <= fast.bytes) return smallest;
  const std::uint32_t border = fast.bytes / kAlignment * kAlignment;
  return search(network, scratch_bytes, fast, border,
                [&](const std::vector<Item>& items, std::uint32_t arena, std::uint32_t bound) {
                  const std::uint32_t allowed = std::max(smallest.arena_bytes, bound + bound / 20);
                  return Score{arena > allowed ? arena - allowed : 0, 1 - share_below(items, border), arena};
                });
}

}  // namespace ns::pack
