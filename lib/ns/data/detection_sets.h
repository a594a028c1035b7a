// Data sets of objects in images: which files make which part, and how they become one Dataset.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ns/data/annotation.h"
#include "ns/data/dataset.h"

namespace ns::data {

struct AnnotatedSet {
  std::vector<std::string> classes;
  std::vector<AnnotatedImage> images;  ///< of part kTrain those meant for validation come last
  Skipped skipped;
};

/// NEU-DET (Song and Yan, 2013), {IMAGES,ANNOTATIONS} and, where they are, Validation_{Images,Annotations}.
/// It has no official split: of every class's images (the file name says the class), ordered by the SHA-256
/// of the name, a fifth is the test part and the next tenth ends the training part, for validation.
AnnotatedSet neu_det(const std::string& folder, std::span<const std::string> classes, Part part);

/// BCCD (Shenggan, 2017), {JPEGImages,Annotations,ImageSets} or a folder BCCD with these: the official lists
/// train and val make the training part, test the other.
AnnotatedSet bccd(const std::string& folder, std::span<const std::string> classes, Part part);

/// Anybody's set in COCO's form: images/ with annotations/train.json, perhaps val.json, and test.json, whose
/// categories must be the same. `classes` come from there.
AnnotatedSet coco(const std::string& folder, std::span<const std::string> classes, Part part);

/// Decodes and letterboxes all images. Images without objects are skipped and counted in the warnings.
/// Throws Error(kInput) naming the file if an image is damaged or not of the size that its annotation says.
Dataset read_annotated(AnnotatedSet set, ImageShape shape, const Normalisation& normalisation);

}  // namespace ns::data
