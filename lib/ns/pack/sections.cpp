#include "ns/pack/sections.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "ns/base/bytes.h"
#include "ns/base/version.h"
#include "ns/pack/entropy_bound.h"
#include "ns/pack/requant_tables.h"
#include "ns/pack/windows.h"

namespace ns::pack {
namespace {

using quant::OperatorKind;

constexpr std::uint8_t kLogitFractionBits = 8;
constexpr std::uint16_t kNoTensor = 0xFFFF;

/// Multiply-accumulates of one inference on subnet k's weights.
std::uint64_t kept_macs(const quant::QuantisedNetwork& network, int subnet) {
  std::uint64_t macs = 0;
  for (const auto& op : network.operators) {
    const auto& out = network.tensors[static_cast<std::size_t>(op.output)];
    std::uint64_t weights = kept_weights(op.weights, subnet);
    if (!op.winners.empty())  // all input channels, zero or not
      weights = weights / static_cast<std::uint64_t>(out.c) *
                static_cast<std::uint64_t>(op.winners[static_cast<std::size_t>(subnet - 1)]);
    macs += weights * static_cast<std::uint64_t>(out.h * out.w);
  }
  return macs;
}

std::uint32_t to_u32(const std::string& network, const char* what, std::uint64_t value) {
  if (value > 0xFFFFFFFFU)
    throw input_error("network \"" + network + "\": " + std::to_string(value) + " " + what +
                      " do not fit 32 bits");
  return static_cast<std::uint32_t>(value);
}

std::uint16_t to_u16(const std::string& network, const char* what, std::size_t value, std::size_t limit) {
  if (value > limit)
    throw input_error("network \"" + network + "\": " + std::to_string(value) + " " + what +
                      ", a packed model holds up to " + std::to_string(limit));
  return static_cast<std::uint16_t>(value);
}

/// To four significant digits: for people and debuggers, the arithmetic has its own numbers.
std::vector<std::vector<double>> rounded(std::vector<std::vector<double>> scales) {
  for (std::vector<double>& subnet : scales)
    for (double& scale : subnet) {
      char text[32];
      std::snprintf(text, sizeof text, "%.4g", scale);
      scale = std::strtod(text, nullptr);
    }
  return scales;
}

}  // namespace

Bytes network_section(const NetworkDescription& description, const NetworkLayout& layout) {
  const quant::QuantisedNetwork& network = description.network;
  const std::string& name = description.name;
  ByteWriter out;
  out.write(to_u16(name, "subnets", static_cast<std::size_t>(network.subnets), 8));
  out.write(to_u16(name, "tensors", network.tensors.size(), 1024));
  out.write(to_u16(name, "operators", network.operators.size(), 1024));
  out.write(std::uint16_t{0});
  out.write(static_cast<std::uint16_t>(network.tensors.size() - 1));
  out.write(static_cast<std::int8_t>(network.input_zero_point));
  out.write(kLogitFractionBits);
  out.write(static_cast<float>(network.input_scale));
  out.write(layout.plan.arena_bytes);
  out.align(32);
  for (int subnet = 1; subnet <= network.subnets; ++subnet) {
    std::size_t kept = 0;
    for (const auto& op : network.operators) kept += kept_weights(op.weights, subnet);
    const double sparsity = description.sparsities.at(static_cast<std::size_t>(subnet - 1));
    out.write(to_u32(name, "multiply-accumulates", kept_macs(network, subnet)));
    out.write(to_u32(name, "weights", kept));
    out.write(static_cast<std::uint32_t>(sparsity * 1e6 + 0.5));
    out.write(std::uint32_t{0});
  }
  return out.bytes();
}

Bytes tensor_section(const NetworkDescription& description, const NetworkLayout& layout) {
  ByteWriter out;
  for (std::size_t i = 0; i < description.network.tensors.size(); ++i) {
    const quant::QuantisedTensor& tensor = description.network.tensors[i];
    for (const int extent : {tensor.h, tensor.w, tensor.c})
      out.write(to_u16(description.name, "pixels or channels in one direction",
                       static_cast<std::size_t>(extent), 65535));
    out.write(static_cast<std::uint8_t>(tensor.bits != 0 ? 1 + tensor.bits : tensor.is_int16 ? 1 : 0));
    out.write(std::uint8_t{0});
    out.write(layout.plan.tensor_offsets[i]);
    out.write(tensor_bytes(tensor));
  }
  return out.bytes();
}

OperatorSections operator_sections(const NetworkDescription& description, const NetworkLayout& layout) {
  const quant::QuantisedNetwork& network = description.network;
  ByteWriter operators, dense, nested, binary, requant;
  for (std::size_t i = 0; i < network.operators.size(); ++i) {
    const quant::QuantisedOperator& op = network.operators[i];
    const EncodedWeights& weights = layout.weights[i];
    const nsrt::Window window = window_of(network, op);
    const bool nested_weights = is_nested(weights.encoding);
    ByteWriter& section = nested_weights ? nested : weights.encoding == Encoding::kBinary ? binary : dense;
    const std::size_t weights_at = weights.bytes.empty() ? 0 : section.size();
    section.append(weights.bytes);
    section.align(4);
    const std::size_t requant_at = requant.size();
    const std::uint8_t form = table_form(op);
    const Bytes tables = encode_tables(op, form);
    requant.append(tables);

    operators.write(static_cast<std::uint8_t>(op.kind));
    operators.write(static_cast<std::uint8_t>(weights.encoding));
    operators.write(static_cast<std::uint8_t>(nested_weights ? op.weights.block : 0));
    operators.write(form);
    operators.write(static_cast<std::uint16_t>(op.input));
    operators.write(op.second_input < 0 ? kNoTensor : static_cast<std::uint16_t>(op.second_input));
    operators.write(static_cast<std::uint16_t>(op.output));
    for (const std::uint8_t field :
         {window.kh, window.kw, window.sh, window.sw, window.pad_top, window.pad_left})
      operators.write(field);
    operators.write(to_u32(description.name, "bytes of weights", weights_at));
    operators.write(to_u32(description.name, "bytes of weights", weights.bytes.size()));
    operators.write(static_cast<std::uint32_t>(tables.empty() ? 0 : requant_at));
    operators.write(static_cast<std::uint32_t>(tables.size()));
    operators.write(layout.plan.scratch_offsets[i]);
    operators.write(layout.scratch_bytes[i]);
    operators.write(std::uint64_t{0});
  }
  return {operators.bytes(), dense.bytes(), nested.bytes(), binary.bytes(), requant.bytes()};
}

Bytes test_section(const NetworkDescription& description, const std::vector<Bytes>& outputs) {
  ByteWriter out;
  out.write(std::uint32_t{0});
  for (const std::int8_t q : description.test_input) out.write(q);
  out.align(4);
  for (const Bytes& output : outputs) out.append(output);
  return out.bytes();
}

Bytes detector_section(const NetworkDescription& description) {
  const quant::QuantisedNetwork& network = description.network;
  const quant::Detector& detector = network.detector;
  if (detector.classes == 0) return {};
  const std::string& name = description.name;
  const auto q15 = [](double fraction) { return static_cast<std::uint16_t>(fraction * 32768 + 0.5); };
  std::size_t output_bytes = 0;
  for (const int output : network.outputs())
    output_bytes += static_cast<std::size_t>(network.tensors[static_cast<std::size_t>(output)].count());
  to_u16(name, "bytes of outputs", output_bytes, 65535);
  ByteWriter out;
  out.write(to_u16(name, "scales", detector.scales.size(), 8));
  out.write(to_u16(name, "classes", static_cast<std::size_t>(detector.classes), 254));
  out.write(to_u16(name, "candidates", static_cast<std::size_t>(detector.candidates), 1024));
  out.write(std::max<std::uint16_t>(1, q15(detector.least_score)));
  out.write(q15(detector.most_overlap));
  out.align(32);
  for (const quant::Detector::Scale& scale : detector.scales) {
    out.write(static_cast<std::uint16_t>(scale.scores));
    out.write(static_cast<std::uint16_t>(scale.boxes));
    out.write(to_u16(name, "default boxes per cell", scale.sizes.size(), 64));
    out.write(std::uint16_t{0});
    const auto& map = network.tensors[static_cast<std::size_t>(scale.scores)];
    to_u16(name, "rows or columns of a detector's grid", static_cast<std::size_t>(std::max(map.h, map.w)),
           1024);
  }
  for (const quant::Detector::Scale& scale : detector.scales)
    for (const auto& size : scale.sizes)
      for (const float extent : size) out.write(std::max<std::uint16_t>(1, q15(extent)));
  for (std::size_t k = 0; k < static_cast<std::size_t>(network.subnets); ++k)
    for (const quant::Detector::Scale& scale : detector.scales) {
      const auto step = [&](int tensor, double unit, double limit) {
        const double scaled = network.tensor_scales[k][static_cast<std::size_t>(tensor)] * unit;
        if (scaled >= limit)
          throw input_error("network \"" + name + "\": the detector's outputs have values too large to pack");
        return std::max<std::uint32_t>(1, static_cast<std::uint32_t>(scaled + 0.5));
      };
      out.write(step(scale.scores, 1 << 20, (1 << 24) - 1));
      out.write(step(scale.boxes, 0.1 * (1 << 24), (1 << 23) - 1));
      out.write(
          static_cast<std::int8_t>(network.tensor_zero_points[k][static_cast<std::size_t>(scale.boxes)]));
      out.align(4);
    }
  return out.bytes();
}

Json metadata(const std::vector<NetworkDescription>& networks, const Provenance& provenance) {
  Json list = Json::array();
  for (const NetworkDescription& description : networks) {
    Json layers = Json::array();
    for (const auto& op : description.network.operators) layers.push_back(op.layer);
    list.push_back({{"name", description.name},
                    {"classes", description.classes},
                    {"operators", layers},
                    {"tensor_scales", rounded(description.network.tensor_scales)}});
  }
  return {{"schema", "nestkit.nsm/1"},
          {"tool_version", version()},
          {"parents", provenance.parents},
          {"seed", provenance.seed},
          {"data_manifest_sha256", provenance.data_manifest_sha256},
          {"config", provenance.config},
          {"packing", provenance.packing},
          {"networks", list}};
}

}  // namespace ns::pack
