#include "ns/nested/block_budget.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <queue>

#include "ns/base/error.h"
#include "ns/base/json.h"

namespace ns::nested {
namespace {

using Counts = std::vector<std::int64_t>;  // whole blocks, by layer
using Priority = std::function<double(std::size_t layer, std::int64_t block)>;

class Sharing {
 public:
  Sharing(const std::vector<LayerBlocks>& layers, const AllocationOptions& options, double fraction)
      : layers_(layers), options_(options), fraction_(fraction) {
    for (const LayerBlocks& layer : layers) {
      std::vector<double>& gains = gains_.emplace_back();
      double whole = 0;
      for (const float score : layer.scores) {
        whole += double{score} * double{score} * layer.grid.width();
      }
      double kept = std::max(0.0, layer.energy - whole);  // partial blocks stay
      for (const float score : layer.scores) {
        const double before = kept;
        kept += double{score} * double{score} * layer.grid.width();
        gains.push_back(before > 0 ? std::log(kept / before) / layer.grid.width() : 0.0);
      }
    }
  }

  // Of subnet number `index` in the list of sparsities, with at least the blocks of the sparser subnets.
  Counts of_subnet(std::size_t index, const Counts& inner) const {
    const std::int64_t total = total_blocks(index);
    const Counts floors = floors_of(index, total);
    if (has_budget(options_.method)) {
      return within_budget(index, floors, inner);
    }
    Counts least = inner;
    // Rounded floors of sparsities that hardly differ may ask for more than the few blocks between them.
    std::int64_t room = total - std::accumulate(inner.begin(), inner.end(), std::int64_t{0});
    for (std::size_t i = 0; i < least.size(); ++i) {
      const std::int64_t added = std::clamp<std::int64_t>(floors[i] - inner[i], 0, room);
      least[i] += added;
      room -= added;
    }
    const Priority priority = options_.method == AllocationMethod::kErk ? erk() : magnitude();
    return fill(least, priority, [&room](std::size_t) { return room-- > 0; });
  }

 private:
  std::int64_t total_blocks(std::size_t index) const {
    double wanted = 0;
    std::int64_t available = 0;
    for (const LayerBlocks& layer : layers_) {
      wanted += (1.0 - layer.sparsities[index]) * static_cast<double>(layer.grid.weight_count());
      wanted -= static_cast<double>(layer.partial_weights());
      available += std::ssize(layer.scores);
    }
    return std::min<std::int64_t>(std::llround(wanted / layers_.front().grid.width()), available);
  }

  Counts floors_of(std::size_t index, std::int64_t total) const {
    Counts floors;
    std::int64_t sum = 0;
    for (const LayerBlocks& layer : layers_) {
      const auto blocks = std::ssize(layer.scores);
      const double share = kDensityFloor * (1.0 - layer.sparsities[index]) * static_cast<double>(blocks);
      const auto floor = std::max<std::int64_t>(1, static_cast<std::int64_t>(std::floor(share)));
      floors.push_back(std::min<std::int64_t>(floor, blocks));
      sum += floors.back();
    }
    if (sum > total) {
      throw usage_error("sparsity " + canonical_dump(layers_.front().sparsities[index]) + " leaves " +
                            std::to_string(std::max<std::int64_t>(total, 0)) + " blocks for " +
                            std::to_string(layers_.size()) + " layers, which need " + std::to_string(sum),
                        "lower the sparsity or list layers under dense_layers");
    }
    return floors;
  }

  // Adds blocks to `kept` one by one, always the layer's next one with the highest priority, the first
  // layer's in a tie; a layer whose block is not allowed gets no more. The priority must not rise along a
  // layer.
  Counts fill(Counts kept, const Priority& priority, const std::function<bool(std::size_t)>& allowed) const {
    using Candidate = std::pair<double, std::ptrdiff_t>;
    std::priority_queue<Candidate> next;
    const auto push = [&](std::size_t i) {
      if (kept[i] < std::ssize(layers_[i].scores)) {
        next.emplace(priority(i, kept[i]), -static_cast<std::ptrdiff_t>(i));
      }
    };
    for (std::size_t i = 0; i < kept.size(); ++i) {
      push(i);
    }
    while (!next.empty()) {
      const auto i = static_cast<std::size_t>(-next.top().second);
      next.pop();
      if (allowed(i)) {
        ++kept[i];
        push(i);
      }
    }
    return kept;
  }

  // Evci et al. (arXiv 1911.11134, appendix): density ∝ (ci + co + kh + kw) / (ci·co·kh·kw), at most 1, so
  // kept weights ∝ ci + co + kh + kw. Webster's divisors share them out: whole numbers, and no layer loses a
  // block when the total grows.
  Priority erk() const {
    return [this](std::size_t i, std::int64_t block) {
      const LayerBlocks& layer = layers_[i];
      double extents = 0;
      for (const std::int64_t extent : layer.grid.weight_shape()) {
        extents += static_cast<double>(extent);
      }
      const double partial = static_cast<double>(layer.partial_weights()) / layer.grid.width();
      return extents / (static_cast<double>(block) + partial + 0.5);
    };
  }

  // Root mean square of the block over that of its layer.
  Priority magnitude() const {
    return [this](std::size_t i, std::int64_t block) {
      const LayerBlocks& layer = layers_[i];
      const double rms = std::sqrt(layer.energy / static_cast<double>(layer.grid.weight_count()));
      return rms > 0 ? double{layer.scores[static_cast<std::size_t>(block)]} / rms : 0.0;
    };
  }

  double price(const LayerBlocks& layer) const {
    return options_.method == AllocationMethod::kCost ? layer.cost_per_weight : 1.0;
  }

  double price(const Counts& kept) const {
    double sum = 0;
    for (std::size_t i = 0; i < kept.size(); ++i) {
      const LayerBlocks& layer = layers_[i];
      sum += price(layer) * static_cast<double>(kept[i] * layer.grid.width() + layer.partial_weights());
    }
    return sum;
  }

  // What the block adds to the logarithm of the energy that its layer keeps, for its price. Signals pass one
  // layer after another, so it is the product of the kept shares that counts: their sum would spend all on
  // the few weights of shortcuts and starve wide layers.
  Priority gain_for_price() const {
    return [this](std::size_t i, std::int64_t block) {
      return gains_[i][static_cast<std::size_t>(block)] / price(layers_[i]);
    };
  }

  // Gains fall along a layer, so nothing of the same price keeps more.
  Counts within_budget(std::size_t index, const Counts& floors, const Counts& inner) const {
    double uniform = 0, costliest = 0;
    for (const LayerBlocks& layer : layers_) {
      uniform +=
          price(layer) * (1.0 - layer.sparsities[index]) * static_cast<double>(layer.grid.weight_count());
      costliest = std::max(costliest, price(layer));
    }
    // Gradual pruning starts with everything kept.
    const double budget = uniform * (1.0 - (1.0 - options_.budget) * fraction_);
    const double half_a_block = 0.5 * layers_.front().grid.width();
    if (fraction_ >= 1.0 && price(floors) > budget + costliest * half_a_block) {
      throw usage_error("cost_budget " + canonical_dump(options_.budget) + " is out of reach at sparsity " +
                            canonical_dump(layers_.front().sparsities[index]) + ": the least is " +
                            canonical_dump(std::ceil(1000 * price(floors) / uniform) / 1000) +
                            " of the uniform allocation's cost",
                        "raise cost_budget or the sparsities");
    }
    Counts least = inner;
    double spent = price(inner);
    const auto spend = [&](std::size_t i, bool anyway) {
      const bool allowed = anyway || spent + half_a_block * price(layers_[i]) <= budget;
      spent += allowed ? 2 * half_a_block * price(layers_[i]) : 0.0;
      return allowed;
    };
    for (std::size_t i = 0; i < least.size(); ++i) {
      // Rounded floors of sparsities that hardly differ may ask for more than the little between them.
      while (least[i] < floors[i] && spend(i, inner[i] == 0)) {
        ++least[i];
      }
    }
    return fill(least, gain_for_price(), [&](std::size_t i) { return spend(i, false); });
  }

  const std::vector<LayerBlocks>& layers_;
  const AllocationOptions& options_;
  double fraction_;
  std::vector<std::vector<double>>
      gains_;  // [layer][block]: in the logarithm of the layer's energy, per weight
};

}  // namespace

std::vector<Counts> share_blocks(const std::vector<LayerBlocks>& layers, const AllocationOptions& options,
                                 double fraction) {
  const Sharing sharing(layers, options, fraction);
  std::vector<Counts> kept(layers.size());
  Counts inner(layers.size(), 0);
  for (std::size_t index = layers.front().sparsities.size(); index-- > 0;) {
    inner = sharing.of_subnet(index, inner);
    for (std::size_t i = 0; i < layers.size(); ++i) {
      kept[i].push_back(inner[i]);
    }
  }
  return kept;
}

}  // namespace ns::nested
