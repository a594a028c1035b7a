#include "ns/pack/nsm_writer.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "kernels/kernels.h"
#include "model/run.h"
#include "ns/base/error.h"
#include "ns/pack/container.h"
#include "ns/pack/entropy_bound.h"
#include "ns/pack/requant_tables.h"
#include "ns/pack/sections.h"
#include "ns/pack/windows.h"
#include "nsrt/detect.h"

namespace ns::pack {
namespace {

constexpr std::uint16_t kMinorVersion = 1, kMinorVersion2 = 2, kMinorVersion3 = 3;
constexpr std::uint32_t kFeatureNested = 1, kFeatureNarrowTables = 2, kFeatureRice = 4, kFeatureBinary = 16,
                        kFeatureGated = 32, kFeatureDetector = 64;

/// The first that knows all features.
std::uint16_t minor_version(std::uint32_t features) {
  if ((features & kFeatureDetector) != 0) return kMinorVersion3;
  return (features & (kFeatureBinary | kFeatureGated)) != 0 ? kMinorVersion2 : kMinorVersion;
}

NetworkLayout layout_of(const quant::QuantisedNetwork& network, Objective objective,
                        std::uint32_t fast_ram_bytes) {
  NetworkLayout layout;
  FastRam fast{fast_ram_bytes, {}};
  for (const auto& op : network.operators) {
    layout.weights.push_back(encode_weights(op, window_of(network, op), objective));
    layout.scratch_bytes.push_back(scratch_bytes(network, op, is_nested(layout.weights.back().encoding)));
    // Kernels read half a word of scratch for every multiplication.
    const quant::QuantisedTensor& out = network.tensors[static_cast<std::size_t>(op.output)];
    const double macs = static_cast<double>(kept_weights(op.weights, op.weights.levels)) * out.h * out.w;
    fast.scratch_accesses.push_back(layout.scratch_bytes.back() == 0 ? 0 : 2 * macs);
  }
  layout.plan = plan_memory(network, layout.scratch_bytes, fast);
  return layout;
}

std::vector<Section> sections_of(const std::vector<NetworkDescription>& networks,
                                 const std::vector<NetworkLayout>& layouts, const Provenance& provenance,
                                 const std::vector<std::vector<Bytes>>& outputs) {
  std::vector<Section> sections;
  const std::string meta = canonical_dump(metadata(networks, provenance));
  sections.push_back({"META", kNoNetwork, Bytes(meta.begin(), meta.end())});
  for (std::size_t i = 0; i < networks.size(); ++i) {
    const auto index = static_cast<std::uint16_t>(i);
    const auto add = [&](const char* type, Bytes bytes) {
      if (!bytes.empty()) sections.push_back({type, index, std::move(bytes)});
    };
    OperatorSections parts = operator_sections(networks[i], layouts[i]);
    add("NETW", network_section(networks[i], layouts[i]));
    add("TENS", tensor_section(networks[i], layouts[i]));
    add("OPER", std::move(parts.operators));
    add("WDEN", std::move(parts.dense_weights));
    add("WNCS", std::move(parts.nested_weights));
    add("WBIN", std::move(parts.binary_weights));
    add("REQT", std::move(parts.requant));
    add("TEST", test_section(networks[i], outputs[i]));
    add("DETC", detector_section(networks[i]));
  }
  return sections;
}

std::uint32_t features(const std::vector<NetworkDescription>& networks,
                       const std::vector<NetworkLayout>& layouts) {
  std::uint32_t used = 0;
  for (const NetworkLayout& layout : layouts)
    for (const EncodedWeights& weights : layout.weights) {
      if (is_nested(weights.encoding)) used |= kFeatureNested;
      if (weights.encoding == Encoding::kNestedRice) used |= kFeatureRice;
    }
  for (const NetworkDescription& description : networks) {
    if (description.network.detector.classes > 0) used |= kFeatureDetector;
    for (const auto& op : description.network.operators) {
      if (table_form(op) != kWideTables) used |= kFeatureNarrowTables;
      if (op.kind > quant::OperatorKind::kAdd) used |= kFeatureBinary;
      if (!op.winners.empty()) used |= kFeatureGated;
    }
  }
  return used;
}

/// All of a packed model but its test vectors' outputs, which are zero until somebody fills them in.
struct Draft {
  Draft(const std::vector<NetworkDescription>& descriptions, const Provenance& origin, Objective objective,
        std::uint32_t fast_ram_bytes)
      : networks(descriptions), provenance(origin) {
    if (networks.empty() || networks.size() > 16) throw input_error("a packed model holds 1 to 16 networks");
    for (const NetworkDescription& description : networks) {
      const quant::QuantisedNetwork& network = description.network;
      if (description.test_input.size() != static_cast<std::size_t>(network.tensors.front().count()))
        throw internal_error("network \"" + description.name +
                             "\": the test vector does not fit the input tensor");
      layouts.push_back(layout_of(network, objective, fast_ram_bytes));
      std::size_t output_bytes = 0;
      for (const int output : network.outputs())
        output_bytes += tensor_bytes(network.tensors[static_cast<std::size_t>(output)]);
      outputs.emplace_back(static_cast<std::size_t>(network.subnets), Bytes(output_bytes));
    }
  }
  std::uint32_t arena_bytes() const {
    std::uint32_t most = 0;
    for (const NetworkLayout& layout : layouts) most = std::max(most, layout.plan.arena_bytes);
    return most;
  }
  Bytes bytes() const {
    const std::uint32_t used = features(networks, layouts);
    return assemble(sections_of(networks, layouts, provenance, outputs),
                    {minor_version(used), used, arena_bytes()});
  }

  const std::vector<NetworkDescription>& networks;
  const Provenance& provenance;
  std::vector<NetworkLayout> layouts;
  std::vector<std::vector<Bytes>> outputs;  // [network][subnet − 1]
};

/// The model at an address that the runtime accepts, as in flash, with an arena.
class Loaded {
 public:
  Loaded(const Bytes& bytes, std::size_t arena_bytes)
      : file_(lines(bytes.size())), arena_(lines(arena_bytes)) {
    std::memcpy(file_.data(), bytes.data(), bytes.size());
    const nsrt_error error = nsrt_open(&model_, file_.data(), bytes.size());
    if (error.status != NSRT_OK)
      throw internal_error(std::string("the runtime refuses the packed model: ") +
                           nsrt_status_text(error.status) + " at byte " + std::to_string(error.offset) +
                           ", index " + std::to_string(error.index));
  }
  /// By the fastest kernels, with as much scratch as they like.
  Bytes run(std::size_t network, int subnet, const std::vector<std::int8_t>& input,
            std::size_t output_bytes) {
    const auto index = static_cast<unsigned>(network);
    const nsrt::KernelSet& kernels = nsrt::fast_kernels();
    std::vector<Line> output(lines(output_bytes)),
        scratch(lines(nsrt::scratch_bytes(model_, index, kernels)) + 1);
    check(nsrt::run(model_, index, static_cast<unsigned>(subnet), input.data(), output.data(), arena_.data(),
                    arena_.size() * sizeof(Line), kernels, {scratch.data(), scratch.size() * sizeof(Line)}));
    const auto* begin = reinterpret_cast<const std::uint8_t*>(output.data());
    return {begin, begin + output_bytes};
  }
  /// The runtime knows what its outputs mean.
  void check_detector(std::size_t network) {
    nsrt_detector detector;
    check(nsrt_describe_detector(&model_, static_cast<unsigned>(network), &detector));
  }
  /// By the kernels that the plan has room for: the reference.
  void self_test() { check(nsrt_self_test(&model_, arena_.data(), arena_.size() * sizeof(Line))); }

 private:
  struct alignas(32) Line {
    std::uint8_t bytes[32];
  };
  static std::size_t lines(std::size_t bytes) { return (bytes + sizeof(Line) - 1) / sizeof(Line); }
  static void check(nsrt_status status) {
    if (status != NSRT_OK)
      throw internal_error(std::string("the runtime cannot run the packed model: ") +
                           nsrt_status_text(status));
  }
  std::vector<Line> file_, arena_;
  nsrt_model model_{};
};

}  // namespace

PackedModel pack_model(const std::vector<NetworkDescription>& networks, const Provenance& provenance,
                       Objective objective, std::uint32_t fast_ram_bytes) {
  Draft draft(networks, provenance, objective, fast_ram_bytes);
  Loaded loaded(draft.bytes(), draft.arena_bytes());
  for (std::size_t i = 0; i < networks.size(); ++i) {
    if (networks[i].network.detector.classes > 0) loaded.check_detector(i);
    for (std::size_t k = 0; k < draft.outputs[i].size(); ++k) {
      Bytes& output = draft.outputs[i][k];
      output = loaded.run(i, static_cast<int>(k + 1), networks[i].test_input, output.size());
    }
  }
  Bytes bytes = draft.bytes();
  Loaded(bytes, draft.arena_bytes()).self_test();
  return {std::move(bytes), std::move(draft.layouts)};
}

std::size_t packed_bytes(const std::vector<NetworkDescription>& networks, const Provenance& provenance,
                         Objective objective) {
  return Draft(networks, provenance, objective, 0).bytes().size();
}

}  // namespace ns::pack
