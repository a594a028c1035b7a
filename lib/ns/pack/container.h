// The container of packed models (docs/format/nsm.md): header, section table, sections.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ns::pack {

inline constexpr std::uint16_t kNoNetwork = 0xFFFF;

struct Section {
  std::string type;       ///< four letters
  std::uint16_t network;  ///< kNoNetwork: of the whole file
  std::vector<std::uint8_t> bytes;
};

/// What the header says beyond sizes and checksums.
struct Header {
  std::uint16_t minor_version = 0;
  std::uint32_t required_features = 0;
  std::uint32_t arena_bytes = 0;
};

/// The whole file; sections in the format's order. Throws Error(kInput) beyond 2 GiB.
std::vector<std::uint8_t> assemble(const std::vector<Section>& sections, const Header& header);

}  // namespace ns::pack
