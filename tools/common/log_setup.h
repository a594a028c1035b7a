// Messages on stderr through spdlog. spdlog's default logger writes to stdout, which belongs to the product.
#pragma once

#include <string>

/// verbosity: -1 warnings and errors, 0 info, 1 debug, 2 trace. Colour only on a terminal and without
/// NO_COLOR.
void set_up_log(const std::string& tool, int verbosity);
