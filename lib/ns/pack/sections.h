// The sections of a packed model that describe one network (docs/format/nsm.md), each as its own bytes.
#pragma once

#include <cstdint>
#include <vector>

#include "ns/pack/nsm_writer.h"

namespace ns::pack {

using Bytes = std::vector<std::uint8_t>;

Bytes network_section(const NetworkDescription& description, const NetworkLayout& layout);
Bytes tensor_section(const NetworkDescription& description, const NetworkLayout& layout);

/// OPER and the four sections that it points into.
struct OperatorSections {
  Bytes operators, dense_weights, nested_weights, binary_weights, requant;
};
OperatorSections operator_sections(const NetworkDescription& description, const NetworkLayout& layout);

/// `outputs` are the network's output bytes for each subnet in turn.
Bytes test_section(const NetworkDescription& description, const std::vector<Bytes>& outputs);

/// DETC; empty for a network that is no detector. Throws Error(kInput) if its outputs do not fit the format.
Bytes detector_section(const NetworkDescription& description);

Json metadata(const std::vector<NetworkDescription>& networks, const Provenance& provenance);

}  // namespace ns::pack
