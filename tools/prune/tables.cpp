#include "prune/tables.h"

#include "ns/report/table.h"

std::string table_of(const ns::nested::PruneReport& report) {
  using ns::report::Table;
  std::vector<Table::Column> columns{{"layer", Table::Align::kLeft}, {"weights"}};
  for (std::size_t k = 1; k <= report.total.kept.size(); ++k) {
    columns.push_back({"kept by subnet " + std::to_string(k)});
    columns.push_back({"sparsity"});
  }
  Table table(columns);
  std::vector<ns::nested::LayerReport> rows = report.layers;
  rows.push_back(report.total);
  for (const ns::nested::LayerReport& layer : rows) {
    std::vector<std::string> cells{layer.layer, ns::report::grouped(layer.weights)};
    for (const std::int64_t kept : layer.kept) {
      cells.push_back(ns::report::grouped(kept));
      cells.push_back(layer.pruned ? ns::report::percent(layer.sparsity(kept), 1) : "dense");
    }
    table.row(cells);
  }
  return table.text();
}

std::string table_of(const ns::train::Sensitivity& scan) {
  using ns::report::Table;
  std::vector<Table::Column> columns{{"layer pruned alone", Table::Align::kLeft}, {"weights"}};
  for (const double sparsity : scan.sparsities) {
    columns.push_back({"accuracy at " + ns::report::percent(sparsity, 0)});
  }
  Table table(columns);
  table.row({"none", "", ns::report::percent(scan.dense_accuracy)});
  for (const ns::train::LayerSensitivity& layer : scan.layers) {
    std::vector<std::string> cells{layer.layer, ns::report::grouped(layer.weights)};
    for (const double accuracy : layer.accuracies) cells.push_back(ns::report::percent(accuracy));
    table.row(cells);
  }
  return table.text();
}
