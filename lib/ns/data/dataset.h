// Labelled 8-bit images in memory.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ns/data/normalisation.h"
#include "ns/detect/box.h"
#include "ns/tensor/image_shape.h"

namespace ns::data {

enum class Part { kTrain, kTest };

/// A file that images were read from.
struct SourceFile {
  std::string name;  ///< without folder and .gz
  std::size_t images = 0;
};

/// Images with a class each, or (a detection set) with boxes around objects of the classes.
struct Dataset {
  std::string name;
  std::vector<std::string> classes;  ///< names, in label order
  ImageShape shape;
  std::vector<std::uint8_t> pixels;  ///< [n, h, w, c]
  /// [n], each below classes.size(); of a detection set the class of the image's first object.
  std::vector<std::int32_t> labels;
  /// The objects of a detection set, image after image, in parts of the image as it is in `pixels`
  /// (letterboxed). Every image has one at least; of other data sets none has.
  std::vector<detect::Truth> truths;
  std::vector<float> weights;  ///< [n] in the training loss (sample_weights.h), or none: all 1
  std::string weights_sha256;  ///< of the file they come from, or empty
  Normalisation normalisation;
  std::string manifest_sha256;        ///< of the source files, see manifest.h; subsets keep it
  std::vector<SourceFile> sources;    ///< in the order of their images; none once images were left out
  std::vector<std::string> warnings;  ///< what reading has skipped, and how often

  bool has_boxes() const { return !truths.empty(); }
  std::size_t size() const { return labels.size(); }
  std::span<const std::uint8_t> image(std::size_t i) const {
    const auto bytes = static_cast<std::size_t>(shape.size());
    return std::span(pixels).subspan(i * bytes, bytes);
  }
  /// The objects of image i; none in a set without boxes.
  std::span<const detect::Truth> truths_of(std::size_t i) const;
};

/// The truths of the images that stay when image i becomes image new_index[i], or none if that is negative.
std::vector<detect::Truth> renumbered(std::span<const detect::Truth> truths, std::span<const int> new_index);

}  // namespace ns::data
