// The builders behind the registry, one file per family. Private to this room.
#pragma once

#include "ns/arch/binary_style.h"
#include "ns/nn/graph.h"

namespace ns::arch {

nn::Graph autoencoder(nn::ImageShape input, int classes, double width);
nn::Graph ds_cnn(nn::ImageShape input, int classes, double width);
nn::Graph mobilenet_v1(nn::ImageShape input, int classes, double width);
nn::Graph mobilenet_v2(nn::ImageShape input, int classes, double width);
nn::Graph nin(nn::ImageShape input, int classes, double width);
nn::Graph resnet20(nn::ImageShape input, int classes, double width);
nn::Graph resnet8(nn::ImageShape input, int classes, double width);
nn::Graph resnet8_strided(nn::ImageShape input, int classes, double width);
nn::Graph resnet9(nn::ImageShape input, int classes, double width);
nn::Graph vgg_small(nn::ImageShape input, int classes, double width);

nn::Graph ssd_mobilenet_v2(nn::ImageShape input, int classes, double width);
nn::Graph ssd_resnet8(nn::ImageShape input, int classes, double width);

nn::Graph nin_binary(nn::ImageShape input, int classes, double width, const BinaryStyle& style);
nn::Graph resnet20_binary(nn::ImageShape input, int classes, double width, const BinaryStyle& style);
nn::Graph resnet8_binary(nn::ImageShape input, int classes, double width, const BinaryStyle& style);

}  // namespace ns::arch
