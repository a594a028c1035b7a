// Every architecture, small enough to be packed and run in a test.
#pragma once

#include "ns/arch/registry.h"
#include "random_network.h"

struct SmallArchitecture {
  const char* arch;
  ns::ImageShape input;
  double width;
  int block;
};

// Small, but with planes that strides and pools do not divide, and both first strides of the MobileNets.
inline constexpr SmallArchitecture kSmallArchitectures[] = {
    {"autoencoder", {1, 1, 60}, 0.25, 2},     {"ds_cnn", {49, 10, 1}, 0.25, 2},
    {"mobilenet_v1", {52, 50, 3}, 0.125, 2},  {"mobilenet_v1", {21, 24, 3}, 0.25, 1},
    {"mobilenet_v2", {50, 49, 3}, 0.375, 2},  {"mobilenet_v2", {24, 20, 3}, 0.5, 4},
    {"nin", {18, 16, 3}, 0.125, 2},           {"resnet20", {13, 16, 3}, 0.5, 2},
    {"resnet8", {19, 17, 1}, 0.5, 4},         {"resnet9", {17, 24, 3}, 0.125, 2},
    {"resnet8_strided", {21, 18, 1}, 0.5, 2}, {"vgg_small", {16, 25, 3}, 0.0625, 1},
};

/// Two subnets.
inline RandomNetwork small_network(const SmallArchitecture& c) {
  return random_network(ns::arch::build(c.arch, c.input, 10, c.width),
                        {.sparsities = {0.3, 0.6}, .block_width = c.block, .seed = 5});
}
