// What ns-info says of a file: one reader per kind of artifact.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

struct Artifact {
  nlohmann::json json;  // schema nestkit.info/1
  std::string text;     // the same for people
};

/// Recognises the file by its content, never by its name, and checks it whole. Throws ns::Error(kInput)
/// naming what is wrong, or that it is no artifact of ours.
Artifact read_artifact(const std::string& path);

Artifact read_packed_artifact(const std::string& path);
Artifact read_checkpoint_artifact(const std::string& path);
Artifact read_json_artifact(const std::string& path);  // recipes, networks, JSON Lines of results

/// C source that has a firmware link the kernels of these packed models only (nsrt/kernels.h).
std::string kernel_source(const std::vector<std::string>& paths);
