#include "bench/report.h"

#include "ns/metrics/interval.h"
#include "ns/report/table.h"

using ns::deploy::BenchRecord;
using ns::report::fixed;
using ns::report::grouped;
using ns::report::percent;
using ns::report::Table;

namespace {

std::string name(const BenchRecord& record) {
  return record.subnets == 1 && record.sparsity == 0
             ? record.network + " dense"
             : record.network + " subnet " + std::to_string(record.subnet);
}

std::string millions(double value) {
  return fixed(value / 1e6, 2);
}

}  // namespace

std::string result_table(const std::vector<BenchRecord>& records) {
  using Align = Table::Align;
  Table table({{"target", Align::kLeft},
               {"model", Align::kLeft},
               {"sparsity"},
               {"top-1"},
               {"95 % interval"},
               {"float"},
               {"images"},
               {"images/s"},
               {"M insn"},
               {"M cycles (estimate)"},
               {"flash bytes"},
               {"RAM bytes"},
               {"= host"}});
  for (const BenchRecord& r : records) {
    const auto interval =
        ns::metrics::wilson95(static_cast<std::int64_t>(r.correct), static_cast<std::int64_t>(r.images));
    table.row(
        {r.target, name(r), fixed(r.sparsity, 2), percent(r.accuracy()),
         fixed(100 * interval.low, 2) + "-" + fixed(100 * interval.high, 2),
         r.float_accuracy ? percent(*r.float_accuracy) : "", grouped(static_cast<std::int64_t>(r.images)),
         r.images_per_second ? grouped(static_cast<std::int64_t>(*r.images_per_second)) : "",
         r.instructions ? millions(static_cast<double>(*r.instructions)) : "",
         r.instructions
             ? millions(r.cycles.mid) + " (" + millions(r.cycles.low) + "-" + millions(r.cycles.high) + ")"
             : "",
         grouped(static_cast<std::int64_t>(r.flash_bytes)), grouped(static_cast<std::int64_t>(r.arena_bytes)),
         r.identical ? (*r.identical ? "yes, " + grouped(static_cast<std::int64_t>(r.verified_images)) : "NO")
                     : ""});
  }
  return table.text();
}

std::string layer_table(const std::vector<BenchRecord>& records) {
  std::vector<const BenchRecord*> costed;
  for (const BenchRecord& record : records) {
    if (!record.layers.empty()) costed.push_back(&record);
  }
  if (costed.empty()) return "";
  std::vector<Table::Column> columns{{"instructions by layer", Table::Align::kLeft},
                                     {"kind", Table::Align::kLeft}};
  for (const BenchRecord* record : costed) {
    columns.push_back({name(*record)});
    columns.push_back({"/MAC"});
  }
  Table table(columns);
  for (std::size_t i = 0; i < costed.front()->layers.size(); ++i) {
    std::vector<std::string> cells{costed.front()->layers[i].name, costed.front()->layers[i].kind};
    for (const BenchRecord* record : costed) {
      const auto& layer = record->layers.at(i);
      cells.push_back(grouped(static_cast<std::int64_t>(layer.instructions)));
      cells.push_back(
          layer.macs ? fixed(static_cast<double>(layer.instructions) / static_cast<double>(layer.macs), 2)
                     : "");
    }
    table.row(std::move(cells));
  }
  return "\n" + table.text();
}

std::vector<std::string> missed_gates(const std::vector<BenchRecord>& records, const Gates& gates) {
  std::vector<std::string> missed;
  for (const BenchRecord& r : records) {
    const std::string who = name(r) + " on " + r.target + ": ";
    if (gates.min_accuracy && r.accuracy() < *gates.min_accuracy) {
      missed.push_back(who + "accuracy " + fixed(r.accuracy(), 4) + " < --min-accuracy " +
                       fixed(*gates.min_accuracy, 4));
    }
    if (gates.max_instructions && r.instructions &&
        static_cast<double>(*r.instructions) > *gates.max_instructions) {
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
