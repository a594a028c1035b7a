// ns-prune: makes any checkpoint a nested sparse one, by magnitude and without training.
#include "common/option_groups.h"
#include "common/run_tool.h"
#include "common/streams.h"
#include "ns/base/sha256.h"
#include "ns/checkpoint/profile.h"
#include "ns/nested/prune.h"
#include "ns/report/table.h"
#include "ns/train/recipe.h"

namespace {

struct Options {
  std::string input, block = "1x2";
  std::vector<double> sparsities{0.7, 0.8, 0.9};
  std::vector<std::string> dense_layers = ns::nested::default_dense_layers();
  OutputOptions output;
  bool json = false;
};

void declare(CLI::App& app, Options& o) {
  app.add_option("INPUT", o.input, "Checkpoint to prune, dense or nested")->required();
  app.add_option("--sparsities", o.sparsities, "Fraction of the weights each subnet lacks, increasing")
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("--block", o.block, "Adjacent input channels pruned together: 1x1, 1x2 or 1x4")
      ->capture_default_str();
  app.add_option("--dense-layers", o.dense_layers,
                 "Layers left dense: names, or the roles first_conv, depthwise, classifier")
      ->delimiter(',')
      ->capture_default_str();
  add_output_options(app, o.output, "Nested checkpoint (.safetensors)");
  add_json_option(app, o.json);
}

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

int prune(const Options& o) {
  const auto overwrite = o.output.overwrite ? ns::Overwrite::kYes : ns::Overwrite::kNo;
  ns::check_writable(o.output.output, overwrite);
  const ns::checkpoint::Archive input = ns::checkpoint::read_safetensors(o.input);
  const ns::nested::PruneOptions options{o.sparsities, ns::train::block_width(o.block), o.dense_layers};
  const ns::nested::Pruned pruned = ns::nested::prune(input, ns::sha256_hex_of_file(o.input), options);
  write_safetensors(o.output.output, pruned.archive, overwrite);
  if (o.json) {
    ns::Json record = to_json(pruned.report);
    record["artifact_sha256"] = ns::sha256_hex_of_file(o.output.output);
    record["seed"] = ns::checkpoint::profile_of(input).seed;
    standard_output().line(ns::canonical_dump(record));
  } else {
    standard_output().write(table_of(pruned.report));
  }
  return kDone;
}

}  // namespace

int main(int argc, char** argv) {
  const ToolInfo info{
      "ns-prune", "Make a checkpoint nested sparse by weight magnitude, without training.",
      "  ns-prune dense.safetensors -o nested.safetensors\n"
      "  ns-prune dense.safetensors --sparsities 0.5,0.75 --block 1x4 -o nested.safetensors --json",
      "ns-train RECIPE --init nested.safetensors fine-tunes it with its level maps."};
  Options options;
  return run_tool(info, argc, argv, [&](CLI::App& app) {
    declare(app, options);
    return [&options] { return prune(options); };
  });
}
