// The images that show the range of every activation, and the int8 network that they make.
#pragma once

#include "ns/data/dataset.h"
#include "ns/nested/model.h"
#include "ns/quant/quantise.h"
#include "pack/options.h"

/// As pixels: from the training part, never the test part. Throws ns::Error(kInput) for a data set that does
/// not fit the checkpoint's graph.
ns::data::Dataset calibration_set(const PackOptions& options, const ns::nn::Graph& graph);

/// `whole` is the slimmable model of which `model` is a width, or null.
ns::quant::QuantisedNetwork quantised(const PackOptions& options, ns::nested::Model& model,
                                      const ns::nested::Model* whole, const ns::data::Dataset& dataset);
