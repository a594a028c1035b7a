// What ns-pack was asked for.
#pragma once

#include <optional>
#include <string>

#include "common/option_groups.h"

struct PackOptions {
  std::string checkpoint;
  DataOptions data;
  OutputOptions output;
  std::size_t calibration_images = 1024;
  std::string optimize = "balanced";
  int subnet = 0, member = 0;
  double width = 0;
  std::optional<std::uint64_t> max_flash, max_ram;
  std::uint32_t fast_ram = 0;
  bool json = false;
  std::string progress = "auto";
};

void declare(CLI::App& app, PackOptions& options);
