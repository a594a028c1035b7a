#include "ns/pack/container.h"

#include <algorithm>
#include <span>

#include "model/crc32.h"
#include "ns/base/bytes.h"
#include "ns/base/error.h"

namespace ns::pack {
namespace {

constexpr std::uint8_t kMagic[8] = {0x89, 'N', 'S', 'M', '\r', '\n', 0x1A, '\n'};
constexpr std::size_t kHeaderBytes = 64, kEntryBytes = 32, kSectionAlignment = 32;

std::uint32_t crc(std::span<const std::uint8_t> bytes) {
  return nsrt::crc32(bytes.data(), static_cast<std::uint32_t>(bytes.size()));
}

}  // namespace

std::vector<std::uint8_t> assemble(const std::vector<Section>& sections, const Header& header) {
  ByteWriter table, body;
  std::size_t networks = 0;
  const std::size_t body_at = (kHeaderBytes + kEntryBytes * sections.size() + kSectionAlignment - 1) /
                              kSectionAlignment * kSectionAlignment;
  for (const Section& section : sections) {
    body.align(kSectionAlignment);
    table.append(section.type);
    table.write(static_cast<std::uint32_t>(body_at + body.size()));
    table.write(static_cast<std::uint32_t>(section.bytes.size()));
    table.write(crc(section.bytes));
    table.write(section.network);
    table.align(kEntryBytes);
    body.append(section.bytes);
    if (section.network != kNoNetwork) networks = std::max<std::size_t>(networks, section.network + 1u);
  }
  body.align(kSectionAlignment);
  if (body_at + body.size() > 0x7FFFFFFFU) throw input_error("the packed model would exceed 2 GiB");

  ByteWriter file;
  file.append(kMagic);
  file.write(std::uint16_t{1});
  file.write(header.minor_version);
  file.write(static_cast<std::uint32_t>(body_at + body.size()));
  file.write(header.required_features);
  file.write(std::uint32_t{0});
  file.write(static_cast<std::uint16_t>(sections.size()));
  file.write(static_cast<std::uint16_t>(networks));
  file.write(header.arena_bytes);
  for (int i = 0; i < 24; ++i) file.write(std::uint8_t{0});
  file.write(crc(table.bytes()));
  file.write(crc(file.bytes()));
  file.append(table.bytes());
  file.align(kSectionAlignment);
  file.append(body.bytes());
  return file.bytes();
}

}  // namespace ns::pack
