#include "ns/deploy/packed_description.h"

#include <algorithm>

#include "detect/detector_view.h"
#include "kernels/rice.h"
#include "model/view.h"
#include "ns/base/json.h"
#include "ns/deploy/packed_rule.h"
#include "ns/pack/entropy_bound.h"
#include "ns/pack/nested_csr.h"
#include "ns/pack/nested_rice.h"

namespace ns::deploy {
namespace {

std::string kind_name(nsrt::OperatorKind kind) {
  switch (kind) {
    case nsrt::OperatorKind::kConv:
      return "conv";
    case nsrt::OperatorKind::kDepthwise:
      return "depthwise";
    case nsrt::OperatorKind::kLinear:
      return "linear";
    case nsrt::OperatorKind::kMaxPool:
      return "max pool";
    case nsrt::OperatorKind::kAveragePool:
      return "average pool";
    case nsrt::OperatorKind::kAdd:
      return "add";
    case nsrt::OperatorKind::kBinaryConv:
      return "binary conv";
    case nsrt::OperatorKind::kStep:
      return "step";
    case nsrt::OperatorKind::kConcat:
      return "concat";
  }
  return "?";
}

std::string encoding_name(const nsrt::OperatorView& op) {
  switch (op.encoding) {
    case nsrt::WeightEncoding::kNone:
      return "-";
    case nsrt::WeightEncoding::kDenseQuads:
    case nsrt::WeightEncoding::kDenseRows:
      return "dense";
    case nsrt::WeightEncoding::kNestedCsr:
      return "nested CSR 1x" + std::to_string(op.block);
    case nsrt::WeightEncoding::kNestedRice:
      return "nested Rice 1x" + std::to_string(op.block);
    case nsrt::WeightEncoding::kBinary:
      return "binary";
  }
  return "?";
}

std::string kernel_name(const nsrt::OperatorView& op) {
  if (op.kind == nsrt::OperatorKind::kConcat) return "add";  // of nothing
  if (op.gated()) return "conv_gated";
  std::string name = kind_name(op.kind);
  std::replace(name.begin(), name.end(), ' ', '_');
  return name + (op.encoding == nsrt::WeightEncoding::kNestedCsr    ? "_csr"
                 : op.encoding == nsrt::WeightEncoding::kNestedRice ? "_rice"
                                                                    : "");
}

std::string shape_text(const nsrt::TensorView& tensor) {
  return std::to_string(tensor.h) + "x" + std::to_string(tensor.w) + "x" + std::to_string(tensor.c);
}

// Weights that subnet 1…N of an operator walks over, zero filling included.
std::vector<std::uint64_t> stored_weights(const nsrt::NetworkView& net, const nsrt::OperatorView& op) {
  const unsigned levels = net.subnets();
  const nsrt::Window window = net.window(op);
  const std::uint64_t taps = std::uint64_t{window.kh} * window.kw;
  if (!nsrt::is_nested(op.encoding)) {
    const std::uint64_t inputs = op.kind == nsrt::OperatorKind::kDepthwise ? taps : taps * window.ci;
    return std::vector<std::uint64_t>(levels,
                                      op.encoding == nsrt::WeightEncoding::kNone ? 0 : inputs * window.co);
  }
  std::vector<std::uint64_t> weights(levels, 0);
  const nsrt::Region region = net.weights(op);
  if (op.encoding == nsrt::WeightEncoding::kNestedRice) {
    for (unsigned level = 0; level < levels; ++level)
      for (unsigned k = level; k < levels; ++k)
        weights[k] += std::uint64_t{region.u32(level * nsrt::kRiceLevelBytes + 4)} * op.block;
    return weights;
  }
  for (std::uint32_t row = 0; row < window.co; ++row) {
    for (unsigned level = 0; level < levels; ++level) {
      const std::uint64_t count = std::uint64_t{region.u16(2 * (row * levels + level))} * op.block;
      for (unsigned k = level; k < levels; ++k) weights[k] += count;
    }
  }
  return weights;
}

double entropy_bound(const nsrt::NetworkView& net, const nsrt::OperatorView& op) {
  if (!nsrt::is_nested(op.encoding)) return op.weights_bytes;
  const nsrt::Window window = net.window(op);
  const int inputs =
      op.kind == nsrt::OperatorKind::kLinear ? static_cast<int>(nsrt::linear_inputs(net, op)) : window.ci;
  const quant::WeightShape shape{window.co, inputs, window.kh, window.kw};
  const nsrt::Region region = net.weights(op);
  const std::span bytes(region.data, region.size);
  return pack::entropy_bound(op.encoding == nsrt::WeightEncoding::kNestedRice
                                 ? pack::decode_nested_rice(bytes, shape, op.block, net.subnets())
                                 : pack::decode_nested_csr(bytes, shape, op.block, net.subnets()));
}

OperatorDescription describe_operator(const nsrt::NetworkView& net, unsigned index, std::string name) {
  const nsrt::OperatorView op = net.op(index);
  const nsrt::TensorView output = net.tensor(op.output);
  OperatorDescription description{.name = std::move(name),
                                  .kind = op.gated() ? "gated conv" : kind_name(op.kind),
                                  .encoding = encoding_name(op),
                                  .kernel = kernel_name(op),
                                  .output = shape_text(output),
                                  .weight_bytes = op.weights_bytes,
                                  .requant_bytes = op.requant_bytes,
                                  .scratch_bytes = op.scratch_bytes,
                                  .output_offset = output.offset,
                                  .scratch_offset = op.scratch_offset,
                                  .entropy_bound_bytes = entropy_bound(net, op),
                                  .weights = stored_weights(net, op),
                                  .macs = {},
                                  .binary = op.encoding == nsrt::WeightEncoding::kBinary};
  for (unsigned k = 1; k <= net.subnets(); ++k) {
    std::uint64_t computed = description.weights[k - 1];
    if (op.gated()) computed = computed / output.c * net.winners(op, k);
    description.macs.push_back(computed * output.h * output.w);
  }
  return description;
}

DetectorDescription describe_detector(const nsrt::NetworkView& net, const nsrt_detector& detector,
                                      const std::vector<std::string>& layers) {
  const nsrt::Region& detc = net.section(nsrt::SectionType::kDetector);
  const nsrt::DetectorView view(detc);
  const auto fraction = [](unsigned q15) { return q15 / static_cast<double>(NSRT_BOX_ONE); };
  const auto writer = [&](unsigned tensor) {
    unsigned op = 0;
    while (net.op(op).output != tensor) ++op;
    return layers[op];
  };
  DetectorDescription description{
      {}, detector.candidates, fraction(detector.least_score), fraction(detector.most_overlap)};
  for (std::uint32_t i = 0; i < detector.scales; ++i) {
    const nsrt::TensorView map = net.tensor(view.scores(i));
    auto& scale = description.scales.emplace_back();
    scale.scores = writer(view.scores(i));
    scale.boxes = writer(view.boxes(i));
    scale.grid = std::to_string(map.h) + "x" + std::to_string(map.w);
    for (std::uint32_t at = view.sizes_at(i); at < view.sizes_at(i + 1); at += 4)
      scale.sizes.push_back({fraction(detc.u16(at)), fraction(detc.u16(at + 2))});
  }
  return description;
}

std::string view_text(const nsrt_view& view) {
  std::string text;
  if (view.dy != 0 || view.dx != 0) text = "shift:" + std::to_string(view.dy) + "," + std::to_string(view.dx);
  if (view.flip != 0) text += text.empty() ? "flip" : "+flip";
  return text.empty() ? "identity" : text;
}

RuleDescription describe_rule(const nsrt_rule& rule) {
  RuleDescription result;
  result.aggregate = aggregate_name(rule);
  result.confidence = confidence_name(rule);
  result.min_passes = rule.min_passes;
  for (unsigned i = 0; i < rule.max_passes; ++i) {
    const nsrt_stage& stage = rule.stages[i];
    result.stages.push_back({stage.network, stage.subnet, view_text(stage.view), stage.weight});
  }
  for (unsigned row = 0; row < rule.threshold_rows; ++row) {
    auto& thresholds = result.thresholds.emplace_back();
    for (unsigned column = 0; column < rule.threshold_columns; ++column) {
      const std::uint32_t threshold = rule.thresholds[row * rule.threshold_columns + column];
      thresholds.push_back(
          threshold == UINT32_MAX ? std::nullopt : std::optional(static_cast<double>(threshold) / NSRT_ONE));
    }
  }
  return result;
}

}  // namespace

PackedDescription describe(const PackedModel& model) {
  const nsrt::Region file = nsrt::file_region(model.model());
  const std::string origin = model.path() + ": META";
  const Json meta_json = parse_json(model.metadata(), origin);
  Fields meta(meta_json, origin);

  PackedDescription result;
  result.bytes = file.size;
  result.tool_version = meta.get<std::string>("tool_version");
  result.seed = meta.get<std::uint64_t>("seed");
  result.data_manifest_sha256 = meta.get<std::string>("data_manifest_sha256");
  result.config = canonical_dump(meta.get<Json>("config"));
  result.packing = canonical_dump(meta.get<Json>("packing", Json::object()));
  result.parents = meta.get<std::vector<std::string>>("parents");
  for (std::uint32_t i = 0; i < nsrt::section_count(file); ++i) {
    const nsrt::SectionEntry entry = nsrt::section_entry(file, i);
    result.sections.push_back({nsrt::kSectionNames[entry.type],
                               entry.network == nsrt::kNoNetwork ? -1 : static_cast<int>(entry.network),
                               entry.offset, entry.bytes});
  }

  const auto networks = meta.get<std::vector<Json>>("networks");
  if (networks.size() != model.networks()) {
    throw input_error(origin + ": describes " + std::to_string(networks.size()) +
                      " networks, the file holds " + std::to_string(model.networks()));
  }
  for (unsigned n = 0; n < model.networks(); ++n) {
    const nsrt::NetworkView net = nsrt::network_view(file, n);
    Fields fields(networks[n], origin + ": network " + std::to_string(n));
    const auto names = fields.get<std::vector<std::string>>("operators");
    if (names.size() != net.operators()) {
      throw input_error(fields.place("operators") + ": expected " + std::to_string(net.operators()) +
                        " names, found " + std::to_string(names.size()));
    }
    NetworkDescription& out = result.networks.emplace_back();
    out.name = fields.get<std::string>("name");
    out.classes = fields.get<std::vector<std::string>>("classes");
    out.input = shape_text(net.tensor(net.input()));
    out.output = shape_text(net.tensor(net.last()));
    out.input_scale = net.input_scale();
    out.input_zero_point = net.input_zero_point();
    out.arena_bytes = net.arena_bytes();
    for (unsigned k = 1; k <= net.subnets(); ++k) {
      const nsrt::SubnetView subnet = net.subnet(k);
      out.subnets.push_back({subnet.sparsity_ppm / 1e6, subnet.macs, subnet.kept_weights});
    }
    for (unsigned i = 0; i < net.operators(); ++i)
      out.operators.push_back(describe_operator(net, i, names[i]));
    if (const nsrt_detector* detector = model.detector(n))
      out.detector = describe_detector(net, *detector, names);
  }
  if (model.rule() != nullptr) result.rule = describe_rule(*model.rule());
  return result;
}

}  // namespace ns::deploy
