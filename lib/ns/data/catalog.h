// The data sets nestkit knows by name.
#pragma once

#include <string>
#include <vector>

#include "ns/data/dataset.h"

namespace ns::data {

/// "bccd", "cifar10", "coco", "fashion_mnist", "fer2013", "fsdd", "fsdd_without_<speaker>" (who is the test
/// part), "neu_det"
std::vector<std::string> dataset_names();

/// Whether that is the name of a set with boxes.
bool is_detection_set(const std::string& name);

/// Reads one part of a data set from `folder`, or the folder in it that has the set's usual name, as in data/
/// (empty: its usual places, data/ of the working directory and where Debian installs it), as its authors
/// publish it: fashion_mnist: {train,t10k}-{images-idx3,labels-idx1}-ubyte, each with or without .gz;
/// cifar10: data_batch_1.bin … data_batch_5.bin, test_batch.bin; fer2013: image_folder.h; fsdd: fsdd.h;
/// neu_det, bccd and coco, which have boxes: detection_sets.h. Their images are brought to the shape
/// `letterbox` (0: the set's own height, width or channels, 160, 160 and 1 or 3); other sets have one shape
/// only. Throws Error(kUsage) for an unknown name, Error(kInput) for missing or bad files and for labels out
/// of range.
Dataset load_dataset(const std::string& name, const std::string& folder, Part part,
                     const ImageShape& letterbox = {});

}  // namespace ns::data
