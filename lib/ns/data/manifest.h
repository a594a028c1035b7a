#pragma once

#include <span>
#include <string>

namespace ns::data {

/// SHA-256 of the text that `sha256sum` prints for these files in their folder: "<sha256>  <file name>\n"
/// each, in the given order. Names a data set by its content, wherever it lies. Throws as MappedFile does.
std::string manifest_sha256(std::span<const std::string> paths);

}  // namespace ns::data
