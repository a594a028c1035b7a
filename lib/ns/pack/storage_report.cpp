#include "ns/pack/storage_report.h"

#include <algorithm>
#include <numeric>

#include "ns/pack/entropy_bound.h"
#include "ns/pack/extract_subnet.h"
#include "ns/pack/nested_rice.h"
#include "ns/pack/requant_tables.h"

namespace ns::pack {
namespace {

const char* name_of(Encoding encoding, int block) {
  switch (encoding) {
    case Encoding::kDenseQuads:
    case Encoding::kDenseRows:
      return "dense";
    case Encoding::kNestedCsr:
      return block == 1 ? "nested CSR 1x1" : block == 2 ? "nested CSR 1x2" : "nested CSR 1x4";
    case Encoding::kNestedRice:
      return block == 1 ? "nested Rice 1x1" : block == 2 ? "nested Rice 1x2" : "nested Rice 1x4";
    case Encoding::kBinary:
      return "binary";
    case Encoding::kNone:
      break;
  }
  return "none";
}

constexpr std::size_t kPoolTableBytes = 12;  // and those of an addition
constexpr std::size_t kConcatTableBytes = 16;

// Narrow where table_form allows it.
std::size_t row_table_bytes(quant::OperatorKind kind, int rows) {
  return 4 + (kind == quant::OperatorKind::kLinear ? 8 : 4) * static_cast<std::size_t>(rows);
}

LayerStorage storage_of(const quant::QuantisedOperator& op, const EncodedWeights& encoded) {
  LayerStorage s;
  s.layer = op.layer;
  s.encoding = name_of(encoded.encoding, op.weights.block);
  s.weights = op.weights.shape.count();
  s.kept = kept_weights(op.weights, op.weights.levels);
  s.dense_bytes = dense_bytes(op);
  s.packed_bytes = s.value_bytes = encoded.bytes.size();
  s.bound_bytes =
      is_nested(encoded.encoding) ? entropy_bound(op.weights) : static_cast<double>(s.packed_bytes);
  if (encoded.encoding == Encoding::kNestedRice) {
    const RicePayload payload = rice_payload(encoded.bytes, op.weights.block, op.weights.levels);
    s.value_bytes = payload.values;
    s.index_bytes = payload.indices;
    s.counter_bytes = payload.counters;
  }
  if (encoded.encoding == Encoding::kNestedCsr) {
    const auto rows = static_cast<std::size_t>(op.weights.shape.co),
               block = static_cast<std::size_t>(op.weights.block);
    s.counter_bytes = (2 * rows * static_cast<std::size_t>(op.weights.levels) + 3) / 4 * 4;
    s.index_bytes = (s.packed_bytes - s.counter_bytes) / (1 + block);
    s.value_bytes = s.index_bytes * block;
  }
  s.table_bytes = encode_tables(op, table_form(op)).size();
  return s;
}

/// In the best encodings: fewest bytes.
std::size_t file_bytes(NetworkDescription description, const Provenance& provenance) {
  description.sparsities.resize(1);
  return packed_bytes({description}, provenance, Objective::kFlash);
}

}  // namespace

std::size_t table_bytes(const quant::LoweredGraph& graph) {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    switch (graph.operators[i].kind) {
      case quant::OperatorKind::kMaxPool:
        break;
      case quant::OperatorKind::kAvgPool:
      case quant::OperatorKind::kAdd:
        bytes += kPoolTableBytes;
        break;
      case quant::OperatorKind::kConcat:
        bytes += kConcatTableBytes;
        break;
      default:
        bytes += row_table_bytes(graph.operators[i].kind, graph.tensors[i + 1].c);
    }
  }
  return bytes;
}

std::size_t StorageReport::all_stand_alone_bytes() const {
  return std::accumulate(stand_alone_file_bytes.begin(), stand_alone_file_bytes.end(), std::size_t{0});
}

StorageReport storage_report(const NetworkDescription& description, const Provenance& provenance,
                             const PackedModel& packed) {
  StorageReport report;
  const NetworkLayout& layout = packed.layouts.front();
  const quant::QuantisedNetwork& network = description.network;
  for (std::size_t i = 0; i < network.operators.size(); ++i)
    if (network.operators[i].has_weights())
      report.layers.push_back(storage_of(network.operators[i], layout.weights[i]));
  report.file_bytes = packed.bytes.size();
  report.arena_bytes = layout.plan.arena_bytes;
  report.arena_lower_bound_bytes = layout.plan.lower_bound_bytes;
  report.fast_share = layout.plan.fast_share;
  report.fullest_layer = network.operators[static_cast<std::size_t>(layout.plan.fullest_operator)].layer;

  NetworkDescription variant = description;
  for (int subnet = 1; subnet <= network.subnets; ++subnet) {
    variant.network = extract_subnet(network, subnet);
    report.stand_alone_file_bytes.push_back(file_bytes(variant, provenance));
  }
  for (auto& op : variant.network.operators)
    std::fill(op.weights.level.begin(), op.weights.level.end(), std::uint8_t{1});
  report.dense_file_bytes = file_bytes(variant, provenance);
  return report;
}

}  // namespace ns::pack
