// Labelled 8-bit images in memory.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ns/data/normalisation.h"
#include "ns/tensor/image_shape.h"

namespace ns::data {

enum class Part { kTrain, kTest };

/// A file that images were read from.
struct SourceFile {
  std::string name;  ///< without folder and .gz
  std::size_t images = 0;
};

struct Dataset {
  std::string name;
  std::vector<std::string> classes;  ///< names, in label order
  ImageShape shape;
  std::vector<std::uint8_t> pixels;  ///< [n, h, w, c]
  std::vector<std::int32_t> labels;  ///< [n], each below classes.size()
  Normalisation normalisation;
  std::string manifest_sha256;      ///< of the source files, see manifest.h; subsets keep it
  std::vector<SourceFile> sources;  ///< in the order of their images; none once images were left out

  std::size_t size() const { return labels.size(); }
  std::span<const std::uint8_t> image(std::size_t i) const {
    const auto bytes = static_cast<std::size_t>(shape.size());
    return std::span(pixels).subspan(i * bytes, bytes);
  }
};

}  // namespace ns::data
