#include "ns/deploy/cooperative_model.h"

#include <algorithm>
#include <cstring>

#include "model/crc32.h"
#include "model/view.h"
#include "ns/base/bytes.h"
#include "ns/base/sha256.h"
#include "ns/base/version.h"
#include "ns/checkpoint/training_data.h"
#include "ns/deploy/packed_description.h"
#include "ns/pack/container.h"

namespace ns::deploy {
namespace {

constexpr std::uint16_t kMinorVersion = 2;

std::string shape_text(const nsrt_network_info& net) {
  return std::to_string(net.input.h) + "x" + std::to_string(net.input.w) + "x" + std::to_string(net.input.c);
}

std::uint32_t networks_crc(const std::vector<pack::Section>& sections) {
  std::uint32_t crc = 0;
  for (const pack::Section& section : sections) {
    if (section.network == pack::kNoNetwork) continue;
    ByteWriter one;
    one.write(nsrt::crc32(section.bytes.data(), static_cast<std::uint32_t>(section.bytes.size())));
    crc = nsrt::crc32_update(crc, one.bytes().data(), 4);
  }
  return crc;
}

std::vector<std::uint8_t> stages_section(const nsrt_rule& rule, std::uint32_t crc) {
  ByteWriter out;
  for (const std::uint16_t field : {rule.max_passes, rule.min_passes, rule.classes}) out.write(field);
  out.write(rule.aggregate);
  out.write(rule.confidence);
  out.write(rule.threshold_rows);
  out.write(rule.threshold_columns);
  out.write(crc);
  out.align(32);
  for (unsigned i = 0; i < rule.max_passes; ++i) {
    const nsrt_stage& stage = rule.stages[i];
    out.write(stage.network);
    out.write(stage.subnet);
    out.write(stage.view.dy);
    out.write(stage.view.dx);
    out.write(stage.view.flip);
    out.write(std::uint16_t{0});
    out.write(stage.weight);
  }
  for (unsigned i = 0; i < unsigned{rule.threshold_rows} * rule.threshold_columns; ++i)
    out.write(rule.thresholds[i]);
  return out.bytes();
}

// Seeds and training data are in the parts' own configs; what all have in common stands where one model has
// it.
Json metadata(std::span<const PackedModel* const> parts, const Json& calibration) {
  Json parents = Json::array(), configs = Json::array(), packings = Json::array(), networks = Json::array();
  std::string manifest;
  Json held_out;
  for (const PackedModel* part : parts) {
    const PackedDescription description = describe(*part);
    const Json meta = Json::parse(part->metadata());
    parents.push_back(sha256_hex_of_file(part->path()));
    configs.push_back(meta.at("config"));
    packings.push_back(Json::parse(description.packing));
    for (const Json& network : meta.at("networks")) networks.push_back(network);
    const bool first = part == parts.front();
    if (first) manifest = description.data_manifest_sha256;
    if (manifest != description.data_manifest_sha256) manifest.clear();
    const int images = checkpoint::training_data(description.config, part->path()).held_out;
    const Json one = images < 0 ? Json() : Json(images);
    held_out = first ? one : one.is_null() || held_out.is_null() ? Json() : std::min(held_out, one);
  }
  Json config = {{"models", configs}};
  if (!held_out.is_null()) config["validation_images"] = held_out;
  return {{"schema", "nestkit.nsm/1"},
          {"tool_version", version()},
          {"parents", parents},
          {"seed", 0},
          {"data_manifest_sha256", manifest},
          {"config", config},
          {"packing", {{"models", packings}, {"rule", calibration}}},
          {"networks", networks}};
}

void require_readable(const std::vector<std::uint8_t>& bytes) {
  struct alignas(16) Line {
    std::uint8_t bytes[16];
  };
  std::vector<Line> placed(bytes.size() / sizeof(Line) + 1);
  std::memcpy(placed.data(), bytes.data(), bytes.size());
  nsrt_model model;
  const nsrt_error error = nsrt_open(&model, placed.data(), bytes.size());
  if (error.status != NSRT_OK)
    throw internal_error(describe("the cooperative model", bytes, error) + ": the runtime refuses it");
}

}  // namespace

void require_common_task(const PackedModel& first, const PackedModel& other) {
  const nsrt_network_info &a = first.network(0), &b = other.network(0);
  const std::string pair = first.path() + " and " + other.path() + " cannot cooperate: ";
  if (shape_text(a) != shape_text(b))
    throw input_error(pair + "inputs of " + shape_text(a) + " and of " + shape_text(b));
  if (a.input_zero_point != b.input_zero_point || a.input_scale != b.input_scale)
    throw input_error(pair + "they were trained with different normalisations",
                      "train both on the same data set");
  if (a.output.c != b.output.c)
    throw input_error(pair + std::to_string(a.output.c) + " and " + std::to_string(b.output.c) + " classes");
  const auto names = describe(first).networks.front().classes,
             others = describe(other).networks.front().classes;
  for (std::size_t i = 0; i < std::min(names.size(), others.size()); ++i) {
    if (names[i] != others[i])
      throw input_error(pair + "class " + std::to_string(i) + " is \"" + names[i] + "\" and \"" + others[i] +
                        "\"");
  }
}

std::vector<std::uint8_t> combine(std::span<const PackedModel* const> parts, const PackedRule& rule,
                                  const Json& calibration) {
  std::vector<pack::Section> sections;
  pack::Header header{kMinorVersion, nsrt::kFeatureStages, 0};
  unsigned networks = 0;
  for (const PackedModel* part : parts) {
    if (part->rule() != nullptr)
      throw input_error(part->path() + ": is a cooperative model itself", "give the models it was made of");
    require_common_task(*parts.front(), *part);
    const nsrt::Region file = nsrt::file_region(part->model());
    header.required_features |= file.u32(16);
    header.arena_bytes = std::max(header.arena_bytes, file.u32(28));
    for (std::uint32_t i = 0; i < nsrt::section_count(file); ++i) {
      const nsrt::SectionEntry entry = nsrt::section_entry(file, i);
      if (entry.network == nsrt::kNoNetwork) continue;
      const std::uint8_t* const begin = file.data + entry.offset;
      sections.push_back({nsrt::kSectionNames[entry.type],
                          static_cast<std::uint16_t>(networks + entry.network),
                          {begin, begin + entry.bytes}});
    }
    networks += part->networks();
  }
  if (networks > 16) throw input_error(std::to_string(networks) + " networks: a packed model holds up to 16");
  const std::string meta = canonical_dump(metadata(parts, calibration));
  sections.insert(sections.begin(), {"META", pack::kNoNetwork, {meta.begin(), meta.end()}});
  sections.push_back({"STGS", pack::kNoNetwork, stages_section(rule.rule(), networks_crc(sections))});
  std::vector<std::uint8_t> bytes = pack::assemble(sections, header);
  require_readable(bytes);
  return bytes;
}

}  // namespace ns::deploy
