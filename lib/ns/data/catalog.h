// The data sets nestkit knows by name.
#pragma once

#include <string>
#include <vector>

#include "ns/data/dataset.h"

namespace ns::data {

/// "cifar10", "fashion_mnist", "fer2013", "fsdd", "fsdd_without_<speaker>" (who is the test part)
std::vector<std::string> dataset_names();

/// Reads one part of a data set from `folder` (empty: its usual places, data/ of the working directory and
/// where Debian installs it), as its authors publish it: fashion_mnist:
/// {train,t10k}-{images-idx3,labels-idx1}-ubyte, each with or without .gz; cifar10: data_batch_1.bin …
/// data_batch_5.bin, test_batch.bin; fer2013: image_folder.h; fsdd: fsdd.h. Throws Error(kUsage) for an
/// unknown name, Error(kInput) for missing or bad files and for labels out of range.
Dataset load_dataset(const std::string& name, const std::string& folder, Part part);

}  // namespace ns::data
