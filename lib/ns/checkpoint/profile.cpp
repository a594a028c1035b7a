#include "ns/checkpoint/profile.h"

#include <limits>

#include "ns/base/json.h"
#include "ns/base/version.h"

namespace ns::checkpoint {
namespace {

// Numbers and lists are JSON texts, since safetensors' metadata knows only strings.
template <class T>
T parsed(const Archive& archive, const std::string& key) {
  const std::string where = archive.origin + ": " + key;
  return json_as<T>(parse_json(archive.meta(key), where), where);
}

void require(bool ok, const Archive& archive, const std::string& key, const std::string& expected) {
  if (!ok) {
    throw input_error(archive.origin + ": " + key + ": expected " + expected + ", found " +
                      archive.meta(key));
  }
}

bool is_sha256(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace

void set_profile(Archive& archive, const Profile& profile) {
  auto& metadata = archive.metadata;
  metadata["schema"] = kSchema;
  metadata["tool_version"] = version();
  metadata["graph"] = profile.graph;
  metadata["config"] = profile.config;
  metadata["parents"] = canonical_dump(profile.parents);
  metadata["seed"] = std::to_string(profile.seed);
  metadata["data_manifest_sha256"] = profile.data_manifest_sha256;
  metadata["banks"] = std::to_string(profile.banks);
  metadata["sparsities"] = canonical_dump(profile.sparsities);
  if (!profile.widths.empty()) {
    metadata["widths"] = canonical_dump(profile.widths);
  }
  metadata["block"] = std::to_string(profile.block);
}

Profile profile_of(const Archive& archive) {
  const auto schema = archive.metadata.find("schema");
  if (schema == archive.metadata.end() || schema->second != kSchema) {
    throw input_error(archive.origin + ": expected a checkpoint of schema " + kSchema + ", found " +
                      (schema == archive.metadata.end() ? "no schema" : "schema \"" + schema->second + "\""));
  }
  Profile profile;
  profile.graph = archive.meta("graph");
  profile.config = archive.meta("config");
  parse_json(profile.graph, archive.origin + ": graph");
  parse_json(profile.config, archive.origin + ": config");
  profile.parents = parsed<std::vector<std::string>>(archive, "parents");
  for (const std::string& parent : profile.parents) {
    require(is_sha256(parent), archive, "parents", "SHA-256 sums");
  }
  profile.seed = parsed<std::uint64_t>(archive, "seed");
  profile.data_manifest_sha256 = archive.meta("data_manifest_sha256");
  require(profile.data_manifest_sha256.empty() || is_sha256(profile.data_manifest_sha256), archive,
          "data_manifest_sha256", "a SHA-256 sum or nothing");
  profile.banks = parsed<int>(archive, "banks");
  require(profile.banks >= 1, archive, "banks", "at least 1");
  profile.sparsities = parsed<std::vector<double>>(archive, "sparsities");
  double before = 0.0;
  for (const double sparsity : profile.sparsities) {
    require(sparsity > before && sparsity < 1.0, archive, "sparsities",
            "strictly increasing fractions in (0, 1)");
    before = sparsity;
  }
  if (archive.metadata.count("widths") > 0) {
    profile.widths = parsed<std::vector<double>>(archive, "widths");
    require(profile.sparsities.empty(), archive, "widths", "none beside sparsities");
    before = 0.0;
    for (auto width = profile.widths.rbegin(); width != profile.widths.rend(); ++width) {
      require(*width > before, archive, "widths", "fractions that fall from 1");
      before = *width;
    }
    require(before == 1.0, archive, "widths", "fractions that fall from 1");
  }
  profile.block = parsed<int>(archive, "block");
  require(profile.block == 1 || profile.block == 2 || profile.block == 4, archive, "block", "1, 2 or 4");
  return profile;
}

}  // namespace ns::checkpoint
