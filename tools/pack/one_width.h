// One width of a slimmable checkpoint, chosen for packing.
#pragma once

#include <span>
#include <string>

#include "ns/nn/graph.h"

/// The subnet that --width names; 0 if the checkpoint is not slimmable. `width` and `subnet` are 0 where the
/// option is not given. Throws Error(kUsage) for a width that the checkpoint does not have, or none.
int subnet_of_width(const std::string& checkpoint, std::span<const double> widths, double width, int subnet);

/// What one file would take that holds all widths: the file of the widest, in whose weights the others' are,
/// and the tables of the others.
std::size_t slimmable_bytes(const ns::nn::Graph& graph, std::span<const double> widths,
                            std::size_t widest_file);
