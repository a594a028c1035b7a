#include "pack/storage_table.h"

#include <algorithm>

#include "ns/base/version.h"
#include "ns/report/table.h"

namespace {

using ns::report::fixed;
using ns::report::grouped;

std::string bytes(std::size_t count) {
  return grouped(static_cast<std::int64_t>(count));
}
double ratio(std::size_t a, std::size_t b) {
  return b == 0 ? 0 : static_cast<double>(a) / static_cast<double>(b);
}

}  // namespace

std::string storage_table(const ns::pack::StorageReport& report, std::uint32_t fast_ram) {
  ns::report::Table table({{"layer", ns::report::Table::Align::kLeft},
                           {"encoding", ns::report::Table::Align::kLeft},
                           {"weights"},
                           {"kept"},
                           {"dense B"},
                           {"packed B"},
                           {"values B"},
                           {"indices B"},
                           {"counters B"},
                           {"B/kept"},
                           {"bound"},
                           {"tables B"}});
  ns::pack::LayerStorage sum;
  const auto row = [&](const std::string& layer, const std::string& encoding,
                       const ns::pack::LayerStorage& s) {
    table.row({layer, encoding, bytes(s.weights), bytes(s.kept), bytes(s.dense_bytes), bytes(s.packed_bytes),
               bytes(s.value_bytes), bytes(s.index_bytes), bytes(s.counter_bytes),
               fixed(ratio(s.packed_bytes, s.kept), 2),
               fixed(s.bound_bytes / static_cast<double>(std::max<std::size_t>(s.kept, 1)), 2),
               bytes(s.table_bytes)});
  };
  for (const ns::pack::LayerStorage& s : report.layers) {
    row(s.layer, s.encoding, s);
    sum.weights += s.weights, sum.kept += s.kept, sum.dense_bytes += s.dense_bytes,
        sum.packed_bytes += s.packed_bytes;
    sum.value_bytes += s.value_bytes, sum.index_bytes += s.index_bytes, sum.counter_bytes += s.counter_bytes;
    sum.bound_bytes += s.bound_bytes;
    sum.table_bytes += s.table_bytes;
  }
  row("total", "", sum);
  std::string alone;
  for (const std::size_t file : report.stand_alone_file_bytes)
    alone += (alone.empty() ? "" : " + ") + bytes(file);
  return table.text() +
         "\nkept: used by some subnet, counted before quantisation; bound: B/kept if indices took no more "
         "than the entropy\n"
         "of the level map and weights a byte each (this file's weights take " +
         fixed(static_cast<double>(sum.packed_bytes) / std::max(sum.bound_bytes, 1.0), 3) + " of that)\n" +
         "file           " + bytes(report.file_bytes) + " B\n" + "dense file     " +
         bytes(report.dense_file_bytes) + " B (this file is " +
         fixed(ratio(report.file_bytes, report.dense_file_bytes), 3) + " of it)\n" + "stand-alone    " +
         alone + " B, each in its best encoding (this file is " +
         fixed(ratio(report.file_bytes, report.all_stand_alone_bytes()), 3) + " of their sum)\n" +
         (report.slimmable_bytes == 0 ? ""
                                      : "slimmable      " + bytes(report.slimmable_bytes) +
                                            " B (this file and the tables of the narrower widths, whose "
                                            "weights are in it)\n") +
         "arena          " + bytes(report.arena_bytes) + " B (at least " +
         bytes(report.arena_lower_bound_bytes) + " B are alive at once)\n" +
         (fast_ram == 0 ? ""
                        : "fast RAM       " + bytes(std::min(fast_ram, report.arena_bytes)) +
                              " B, the arena's first, take " + fixed(100 * report.fast_share, 1) +
                              " % of its accesses (an estimate; ns-info says where everything lies)\n");
}

nlohmann::ordered_json storage_json(const ns::pack::StorageReport& report, const std::string& model,
                                    const std::string& sha256, std::uint32_t fast_ram) {
  nlohmann::ordered_json layers = nlohmann::ordered_json::array();
  for (const ns::pack::LayerStorage& s : report.layers)
    layers.push_back({{"name", s.layer},
                      {"encoding", s.encoding},
                      {"weights", s.weights},
                      {"kept_weights", s.kept},
                      {"dense_bytes", s.dense_bytes},
                      {"packed_bytes", s.packed_bytes},
                      {"value_bytes", s.value_bytes},
                      {"index_bytes", s.index_bytes},
                      {"counter_bytes", s.counter_bytes},
                      {"entropy_bound_bytes", s.bound_bytes},
                      {"table_bytes", s.table_bytes}});
  nlohmann::ordered_json json = {
      {"schema", "nestkit.pack/1"},
      {"tool", "ns-pack"},
      {"version", ns::version()},
      {"model", model},
      {"artifact_sha256", sha256},
      {"flash_bytes", report.file_bytes},
      {"dense_file_bytes", report.dense_file_bytes},
      {"stand_alone_file_bytes", report.stand_alone_file_bytes},
      {"stand_alone_ratio", ratio(report.file_bytes, report.all_stand_alone_bytes())},
      {"arena_bytes", report.arena_bytes},
      {"arena_lower_bound_bytes", report.arena_lower_bound_bytes},
      {"layers", layers}};
  if (fast_ram > 0) {
    json["fast_ram_bytes"] = fast_ram;
    json["fast_ram_access_share"] = report.fast_share;
  }
  if (report.slimmable_bytes > 0) json["slimmable_bytes"] = report.slimmable_bytes;
  return json;
}
