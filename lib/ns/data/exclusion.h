// Images that a figure leaves out, named in a list.
#pragma once

#include <string>

#include "ns/data/dataset.h"

namespace ns::data {

/// The data set without the images that the CSV file `list` names. Its first line is a header that begins
/// with "file,record"; every other line names a file of the data set, without folder and .gz, and the number
/// of an image in it, counted from 0; what follows is not read. Lines about files of the set's other part are
/// passed over. Throws Error(kInput) with file and line if the list is no such file, names an image that is
/// not there, or no image of this part at all.
Dataset without_listed(Dataset dataset, const std::string& list);

}  // namespace ns::data
