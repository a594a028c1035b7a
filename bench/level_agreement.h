// Do packed networks decide as their float layers do? Every level that a binary convolution or a step writes
// is computed a second time, in double precision, layer by layer, from what that operator read.
#pragma once

#include <cstdint>
#include <span>

#include "ns/nested/model.h"
#include "ns/pack/nsm_writer.h"

struct LevelAgreement {
  std::int64_t levels = 0, different = 0;
};

/// Runs subnet 1 of `packed`, the only network in it, made from `network`, made from `model`, on this
/// computer; `inputs` holds whole images, planar int8.
LevelAgreement level_agreement(const ns::nested::Model& model, const ns::quant::QuantisedNetwork& network,
                               std::span<const std::uint8_t> packed, std::span<const std::int8_t> inputs);
