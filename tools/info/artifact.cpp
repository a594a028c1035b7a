#include "info/artifact.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "ns/base/error.h"
#include "ns/base/mapped_file.h"
#include "ns/base/sha256.h"
#include "ns/base/version.h"

namespace {

bool starts_with(std::span<const std::uint8_t> bytes, std::span<const std::uint8_t> start) {
  return bytes.size() >= start.size() && std::equal(start.begin(), start.end(), bytes.begin());
}

// safetensors: eight bytes of header length, then a JSON object.
bool looks_like_safetensors(std::span<const std::uint8_t> bytes) {
  return bytes.size() > 8 && bytes[8] == '{' && bytes[0] != '{';
}

bool looks_like_json(std::span<const std::uint8_t> bytes) {
  const auto first =
      std::find_if(bytes.begin(), bytes.end(), [](std::uint8_t c) { return !std::isspace(c); });
  return first != bytes.end() && *first == '{';
}

}  // namespace

Artifact read_artifact(const std::string& path) {
  constexpr std::array<std::uint8_t, 4> kPackedStart{0x89, 'N', 'S', 'M'};
  Artifact artifact;
  std::string hash;
  {
    const ns::MappedFile file(path);
    hash = ns::sha256_hex(file.bytes());
    if (starts_with(file.bytes(), kPackedStart)) {
      artifact = read_packed_artifact(path);
    } else if (looks_like_safetensors(file.bytes())) {
      artifact = read_checkpoint_artifact(path);
    } else if (looks_like_json(file.bytes())) {
      artifact = read_json_artifact(path);
    } else {
      throw ns::input_error(path + ": not a packed model, checkpoint, recipe, network or results file",
                            file.bytes().empty() ? "the file is empty" : "");
    }
  }
  artifact.json["schema"] = "nestkit.info/1";
  artifact.json["tool"] = "ns-info";
  artifact.json["version"] = ns::version();
  artifact.json["file"] = path;
  artifact.json["artifact_sha256"] = hash;
  return artifact;
}
