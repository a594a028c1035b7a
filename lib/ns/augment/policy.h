// Lists of views for test-time augmentation.
#pragma once

#include <string>
#include <vector>

#include "ns/augment/view.h"

namespace ns::augment {

/// "identity", "flip", "shifts", "five_crop", "ten_crop", "crops", "scales", "rotations", "brightness",
/// "contrast"
std::vector<std::string> policy_names();

/// The views that a policy means for images of this shape; the identity is the first and no view comes twice.
/// `text` is a named list, or a product of some, "flip*shifts:2": every combination, the first list's turn
/// fastest. Values after ":" replace a list's own:
///   flip; shifts:P (4 ways by P pixels; 1); five_crop:P (padded by P, the centre and 4 corners; 2);
///   ten_crop:P = flip*five_crop:P; crops:SIZE (centre and corners, stretched; 7/8 of the image);
///   scales:F,… (0.9, 1.1); rotations:DEGREES,… (−8, 8); brightness:A,… (−0.1, 0.1); contrast:F,…
///   (0.8, 1.25).
/// A `text` that ends in ".json" names a file {"schema": "nestkit.policy/1", "views": ["identity", "flip",
/// …]}. Throws Error(kUsage) for unknown names (with the nearest), values out of range, a crop larger than
/// the image, or a file whose first view is not the identity.
std::vector<View> read_policy(const std::string& text, ImageShape shape);

}  // namespace ns::augment
