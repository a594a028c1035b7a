#include "ns/nested/gradient_routing.h"

#include <array>

#include "ns/base/error.h"
#include "ns/base/nearest.h"

namespace ns::nested {
namespace {

const std::array<std::string, 5> kNames{"sum", "mean", "sparsest", "densest", "agree"};

}  // namespace

Routing routing_from_name(const std::string& name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) {
      return static_cast<Routing>(i);
    }
  }
  throw usage_error("routing \"" + name + "\": expected sum, mean, sparsest, densest or agree",
                    nearest_hint(name, kNames));
}

std::string to_string(Routing routing) {
  return kNames[static_cast<std::size_t>(routing)];
}

float routing_factor(Routing routing, int level, int subnet, int subnets, bool regrow) {
  if (level == 0) {
    return regrow && subnet == subnets ? 1.0f : 0.0f;
  }
  if (level > subnet) {
    return 0.0f;
  }
  switch (routing) {
    case Routing::kSum:
    case Routing::kAgree:
      return 1.0f;
    case Routing::kMean:
      return 1.0f / static_cast<float>(subnets - level + 1);
    case Routing::kSparsest:
      return subnet == level ? 1.0f : 0.0f;
    case Routing::kDensest:
      return subnet == subnets ? 1.0f : 0.0f;
  }
  throw internal_error("unknown gradient routing");
}

void add_routed(const LevelMap& map, Routing routing, int subnet, bool regrow, const Tensor& grad,
                Tensor& total) {
  if (grad.shape() != map.grid().weight_shape() || total.shape() != grad.shape()) {
    throw internal_error("routed gradient of shape " + ns::to_string(grad.shape()) + ", expected " +
                         ns::to_string(map.grid().weight_shape()));
  }
  std::array<float, kMaxSubnets + 1> factors{};
  for (int level = 0; level <= map.subnets(); ++level) {
    factors[static_cast<std::size_t>(level)] = routing_factor(routing, level, subnet, map.subnets(), regrow);
  }
  const std::uint8_t* levels = map.weight_levels().data();
  for (std::int64_t i = 0; i < grad.size(); ++i) {
    total[i] += factors[levels[i]] * grad[i];
  }
}

void add_by_sign(const LevelMap* map, int subnet, int subnets, bool regrow, const Tensor& grad, Tensor& total,
                 Tensor& opposite) {
  std::array<float, kMaxSubnets + 1> factors{};
  for (int level = 0; level <= subnets; ++level) {
    factors[static_cast<std::size_t>(level)] =
        routing_factor(Routing::kAgree, level, subnet, subnets, regrow);
  }
  const std::uint8_t* levels = map != nullptr ? map->weight_levels().data() : nullptr;
  for (std::int64_t i = 0; i < grad.size(); ++i) {
    const float routed = factors[levels != nullptr ? levels[i] : 1] * grad[i];
    (routed > 0.0f ? total : opposite)[i] += routed;
  }
}

void keep_agreeing(Tensor& total, const Tensor& opposite) {
  for (std::int64_t i = 0; i < total.size(); ++i) {
    const float sum = total[i] + opposite[i];
    total[i] = sum > 0.0f ? total[i] : sum < 0.0f ? opposite[i] : sum;
  }
}

}  // namespace ns::nested
