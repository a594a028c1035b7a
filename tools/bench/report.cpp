#include "bench/report.h"

#include <algorithm>
#include <cmath>

#include "ns/metrics/interval.h"
#include "ns/report/table.h"

using ns::deploy::BenchRecord;
using ns::report::fixed;
using ns::report::grouped;
using ns::report::percent;
using ns::report::Table;

namespace {

std::string name(const BenchRecord& record) {
  if (!record.stages.empty()) return record.network;
  return record.subnets == 1 && record.sparsity == 0
             ? record.network + " dense"
             : record.network + " subnet " + std::to_string(record.subnet);
}

std::string millions(double value) {
  return fixed(value / 1e6, 2);
}

// Host and emulator of one model go together; a board's figures have a table of their own.
bool same_run(const BenchRecord& a, const BenchRecord& b) {
  return a.model == b.model && a.board == b.board;
}

// The subnets of one model side by side.
std::string layer_table(const std::vector<const BenchRecord*>& subnets) {
  std::vector<Table::Column> columns{{"layer", Table::Align::kLeft}, {"kind", Table::Align::kLeft}};
  for (const BenchRecord* record : subnets) {
    columns.push_back({name(*record)});
    columns.push_back({"/MAC"});
  }
  Table table(columns);
  for (std::size_t i = 0; i < subnets.front()->layers.size(); ++i) {
    std::vector<std::string> cells{subnets.front()->layers[i].name, subnets.front()->layers[i].kind};
    for (const BenchRecord* record : subnets) {
      const auto& layer = record->layers.at(i);
      cells.push_back(grouped(static_cast<std::int64_t>(layer.count)));
      cells.push_back(
          layer.macs ? fixed(static_cast<double>(layer.count) / static_cast<double>(layer.macs), 2) : "");
    }
    table.row(std::move(cells));
  }
  std::vector<std::string> shares{"outside the sparse kernels", ""};
  for (const BenchRecord* record : subnets) {
    shares.push_back(percent(record->outside_sparse_share()));
    shares.push_back("");
  }
  table.row(std::move(shares));
  return table.text();
}

}  // namespace

std::string result_table(const std::vector<BenchRecord>& records) {
  using Align = Table::Align;
  const bool several = std::any_of(records.begin(), records.end(),
                                   [&](const BenchRecord& r) { return r.model != records.front().model; });
  Table table({{"file", Align::kLeft},
               {"target", Align::kLeft},
               {"model", Align::kLeft},
               {"sparsity"},
               {"top-1"},
               {"95 % interval"},
               {"mAP"},
               {"float"},
               {"images"},
               {"images/s"},
               {"M insn"},
               {"M cycles (estimate)"},
               {"flash bytes"},
               {"RAM bytes"},
               {"stack bytes"},
               {"= host"}});
  for (const BenchRecord& r : records) {
    const auto interval =
        ns::metrics::wilson95(static_cast<std::int64_t>(r.correct), static_cast<std::int64_t>(r.images));
    const bool ran = r.images > 0;
    table.row(
        {several ? r.model : "", r.board.empty() ? r.target : r.board, name(r), fixed(r.sparsity, 2),
         r.map ? ""
         : ran ? percent(r.accuracy())
               : "-",
         r.map ? ""
         : ran ? fixed(100 * interval.low, 2) + "-" + fixed(100 * interval.high, 2)
               : "-",
         r.map ? percent(r.map->mean) : "", r.float_accuracy ? percent(*r.float_accuracy) : "",
         ran ? grouped(static_cast<std::int64_t>(r.images)) : "-",
         r.images_per_second ? grouped(static_cast<std::int64_t>(*r.images_per_second)) : "",
         r.instructions ? millions(static_cast<double>(*r.instructions)) : "",
         r.measured_cycles ? millions(static_cast<double>(*r.measured_cycles)) + ", measured"
         : r.instructions
             ? millions(r.cycles.mid) + " (" + millions(r.cycles.low) + "-" + millions(r.cycles.high) + ")"
             : "",
         grouped(static_cast<std::int64_t>(r.flash_bytes)), grouped(static_cast<std::int64_t>(r.arena_bytes)),
         r.stack_bytes > 0 ? grouped(r.stack_bytes) : "",
         r.identical ? (*r.identical ? "yes, " + grouped(static_cast<std::int64_t>(r.verified_images)) : "NO")
                     : ""});
  }
  table.drop_empty_columns();
  return table.text();
}

std::string layer_tables(const std::vector<BenchRecord>& records) {
  std::string text;
  for (std::size_t first = 0; first < records.size();) {
    std::vector<const BenchRecord*> costed;
    std::size_t end = first;
    for (; end < records.size() && same_run(records[end], records[first]); ++end) {
      if (!records[end].layers.empty()) costed.push_back(&records[end]);
    }
    if (!costed.empty()) {
      const BenchRecord& one = *costed.front();
      text += std::string("\n") + (one.measured_cycles ? "Cycles" : "Instructions") + " by layer of " +
              one.model + (one.board.empty() ? "" : " on " + one.board) + "\n" + layer_table(costed);
    }
    first = end;
  }
  return text;
}

std::string class_table(const std::vector<BenchRecord>& records) {
  std::string text;
  for (const BenchRecord& r : records) {
    if (!r.map || r.target != "host") continue;
    Table table({{"class", Table::Align::kLeft}, {"AP"}});
    for (std::size_t i = 0; i < r.classes.size(); ++i)
      table.row({r.classes[i], std::isnan(r.map->per_class[i]) ? "-" : percent(r.map->per_class[i])});
    text += "\nAverage precision by class of " + r.model + ", " + name(r) + " (IoU 0.5; COCO mAP " +
            percent(*r.map_coco) + ")\n" + table.text();
  }
  return text;
}

std::string stage_tables(const std::vector<BenchRecord>& records) {
  using Align = Table::Align;
  Table table({{"cooperative model", Align::kLeft},
               {"target", Align::kLeft},
               {"stage"},
               {"network", Align::kLeft},
               {"subnet"},
               {"images"},
               {"share"},
               {"M insn alone"},
               {"worst M insn of an image"}});
  bool any = false;
  for (const BenchRecord& r : records) {
    for (std::size_t i = 0; i < r.stages.size(); ++i) {
      const auto& stage = r.stages[i];
      any = true;
      table.row({r.model, r.target, std::to_string(i + 1), stage.network, std::to_string(stage.subnet),
                 r.images ? grouped(static_cast<std::int64_t>(stage.reached)) : "-",
                 r.images ? percent(static_cast<double>(stage.reached) / static_cast<double>(r.images)) : "-",
                 stage.instructions ? millions(static_cast<double>(*stage.instructions)) : "",
                 r.worst_instructions && i == 0 ? millions(static_cast<double>(*r.worst_instructions)) : ""});
    }
  }
  return any ? "\nMeans over the images, rule included; stage by stage:\n" + table.text() : "";
}

std::vector<std::string> missed_gates(const std::vector<BenchRecord>& records, const Gates& gates) {
  std::vector<std::string> missed;
  // Boards answer as the host does, but a few of the images: where the host answers too, it is the judge.
  const auto host_judges = [&](const BenchRecord& r) {
    return r.target != "host" && std::ranges::any_of(records, [&](const BenchRecord& other) {
             return other.target == "host" && other.model == r.model && other.subnet == r.subnet;
           });
  };
  for (const BenchRecord& r : records) {
    const std::string who = r.model + ": " + name(r) + " on " + r.target + ": ";
    const bool judged = !host_judges(r);
    if (judged && gates.min_accuracy && !(r.accuracy() >= *gates.min_accuracy)) {
      missed.push_back(who + "accuracy " + fixed(r.accuracy(), 4) + " < --min-accuracy " +
                       fixed(*gates.min_accuracy, 4));
    }
    if (judged && gates.min_map && !(r.map && r.map->mean >= *gates.min_map)) {
      missed.push_back(who + "mAP " + (r.map ? fixed(r.map->mean, 4) : "-") + " < --min-map " +
                       fixed(*gates.min_map, 4));
    }
    if (gates.max_instructions && r.instructions &&
        !(static_cast<double>(*r.instructions) <= *gates.max_instructions)) {
      missed.push_back(who + grouped(static_cast<std::int64_t>(*r.instructions)) +
                       " instructions > --max-instructions " +
                       grouped(static_cast<std::int64_t>(*gates.max_instructions)));
    }
    if (gates.max_flash && r.flash_bytes > *gates.max_flash) {
      missed.push_back(who + std::to_string(r.flash_bytes) + " bytes of flash > --max-flash " +
                       std::to_string(*gates.max_flash));
    }
    if (gates.max_ram && r.arena_bytes > *gates.max_ram) {
      missed.push_back(who + std::to_string(r.arena_bytes) + " bytes of RAM > --max-ram " +
                       std::to_string(*gates.max_ram));
    }
    if (r.identical && !*r.identical) missed.push_back(who + "not identical to the host");
  }
  return missed;
}
