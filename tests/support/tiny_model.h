// A packed model built by hand, field by field from docs/format/nsm.md: one operator of every kind and
// encoding, three subnets, about 2 KB. Tests change its sections and put the file together again with correct
// CRCs.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "nsrt/nsrt.h"

namespace nestkit_test {

using Bytes = std::vector<std::uint8_t>;

void put16(Bytes& bytes, std::size_t at, std::uint32_t value);
void put32(Bytes& bytes, std::size_t at, std::uint32_t value);
std::uint32_t get32(const Bytes& bytes, std::size_t at);

/// Sections by name; an empty one is left out of the file.
using Sections = std::map<std::string, Bytes>;

/// Operators of the tiny model, in order.
enum TinyOperator {
  kConv,
  kSparseConv,
  kAdd,
  kDepthwise,
  kMaxPool,
  kAveragePool,
  kSparseLinear,
  kLinear,
  kTinyOperators
};

struct TinyModel {
  static constexpr unsigned kSubnets = 3;
  static constexpr unsigned kTensors = kTinyOperators + 1;

  std::string meta = "{}";
  std::vector<Sections> networks{1};  ///< the tiny network; more entries make more networks
  std::uint32_t required_features = 1;
  std::uint32_t arena_bytes = 0;  ///< of the header
  /// STGS, left out if empty. file() fills in the CRC of the networks' CRCs if it is zero here.
  Bytes stages;
  unsigned minor = 0;

  /// Version 1.0 or 1.1: the newer one has Rice-coded weights and narrow tables of every form.
  explicit TinyModel(unsigned minor_version = 0);

  Bytes& section(const std::string& name) { return name == "STGS" ? stages : networks[0][name]; }

  /// Makes it a cooperative model of version 1.2: two networks alike, subnet 1 of the first, then subnet 3 of
  /// the second.
  void cooperate();

  /// The file, CRCs included.
  Bytes file() const;
};

/// Makes the header's and the table's CRCs right again after a change there.
void mend_header(Bytes& file);
void mend_table(Bytes& file);

/// As nsrt_open over exactly these bytes.
nsrt_error open_error(const Bytes& file);

}  // namespace nestkit_test
