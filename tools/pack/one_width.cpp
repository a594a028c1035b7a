#include "pack/one_width.h"

#include <algorithm>

#include "ns/base/error.h"
#include "ns/base/json.h"
#include "ns/nested/widths.h"
#include "ns/pack/storage_report.h"

int subnet_of_width(const std::string& checkpoint, std::span<const double> widths, double width, int subnet) {
  if (widths.empty()) {
    if (width > 0)
      throw ns::usage_error("--width: " + checkpoint + " is not slimmable", "ns-info shows what it is");
    return 0;
  }
  const std::string list = ns::canonical_dump(std::vector<double>(widths.begin(), widths.end()));
  if (subnet > 0)
    throw ns::usage_error("--subnet: " + checkpoint + " is slimmable", "--width takes one of " + list);
  const auto found = std::find(widths.begin(), widths.end(), width);
  if (found == widths.end())
    throw ns::usage_error(
        checkpoint + ": is slimmable with widths " + list + ", " +
            (width > 0 ? "found --width " + ns::canonical_dump(width) : "and --width is not given"),
        "--width packs one of them, a model of its own");
  return static_cast<int>(widths.end() - found);
}

std::size_t slimmable_bytes(const ns::nn::Graph& graph, std::span<const double> widths,
                            std::size_t widest_file) {
  for (const double width : widths.subspan(1))
    widest_file += ns::pack::table_bytes(ns::quant::lower(ns::nested::at_width(graph, width)));
  return widest_file;
}
