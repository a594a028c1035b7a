// random-model: a packed model with random weights, for measuring what a network costs.

#include <charconv>

#include "common/log.h"
#include "common/option_groups.h"
#include "common/run_tool.h"
#include "common/streams.h"
#include "ns/arch/registry.h"
#include "ns/base/atomic_file.h"
#include "ns/base/error.h"
#include "ns/base/sha256.h"
#include "ns/binary/tentacle.h"
#include "ns/nested/gates.h"
#include "ns/pack/storage_report.h"
#include "ns/train/recipe.h"
#include "pack/storage_table.h"
#include "random_network.h"

namespace {

struct Options {
  std::string arch = "resnet8", input = "32x32x3", block = "1x2", optimize = "balanced";
  int classes = 10;
  double width = 1;
  int activation_bits = 1, members = 1;
  std::string split;
  std::vector<int> normalisation{128, 64};
  RandomWeights weights;
  std::vector<double> gate_ratios;
  OutputOptions output;
  bool json = false;
};

void declare(CLI::App& app, Options& o) {
  app.add_option("--arch", o.arch, "Architecture")->capture_default_str();
  app.add_option("--input", o.input, "Input's height, width and channels")->capture_default_str();
  app.add_option("--classes", o.classes, "Outputs")->capture_default_str();
  app.add_option("--width", o.width, "Multiplier of the channels")->capture_default_str();
  app.add_option("--activation-bits", o.activation_bits, "Of binary layers")
      ->check(CLI::Range(1, ns::nn::kMaxSignBits))
      ->capture_default_str();
  app.add_option("--members", o.members,
                 "Make an ensemble of so many (bin-ensemble's tentacle, merge concat)")
      ->check(CLI::Range(1, 32))
      ->capture_default_str();
  app.add_option("--split", o.split,
                 "Last layer that the members share; input: none (default: before the first binary layer)");
  app.add_option("--normalisation", o.normalisation, "Mean and standard deviation of the images' pixels")
      ->delimiter(',')
      ->expected(2)
      ->check(CLI::Range(1, 255))
      ->capture_default_str();
  app.add_option("--sparsities", o.weights.sparsities,
                 "Fraction of the weights each subnet lacks, increasing (none: a dense network)")
      ->delimiter(',');
  app.add_option(
         "--gate-ratios", o.gate_ratios,
         "Put gates on the convolutions; the share of their channels that each subnet computes, falling")
      ->delimiter(',')
      ->excludes("--sparsities");
  app.add_option("--block", o.block, "Adjacent input channels pruned together: 1x1, 1x2 or 1x4")
      ->capture_default_str();
  app.add_option("--optimize", o.optimize, "What encodings are chosen for: speed, balanced or flash")
      ->check(CLI::IsMember({"speed", "balanced", "flash"}))
      ->capture_default_str();
  app.add_option("--seed", o.weights.seed, "Of the weights")->capture_default_str();
  add_output_options(app, o.output, "Packed model (.nsm)");
  add_json_option(app, o.json);
}

/// "49x10x1"
ns::ImageShape parse_shape(const std::string& text) {
  ns::ImageShape shape;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (int* extent : {&shape.h, &shape.w, &shape.c}) {
    const auto [rest, error] = std::from_chars(at, end, *extent);
    const bool separated = extent == &shape.c ? rest == end : rest != end && *rest == 'x';
    if (error != std::errc() || *extent < 1 || *extent > 65535 || !separated) {
      throw ns::usage_error("--input " + text + ": expected height x width x channels, as in 32x32x3");
    }
    at = rest + 1;
  }
  return shape;
}

int run(Options o) {
  const auto overwrite = o.output.overwrite ? ns::Overwrite::kYes : ns::Overwrite::kNo;
  ns::check_writable(o.output.output, overwrite);
  o.weights.normalisation = {o.normalisation[0], 1.0f / static_cast<float>(o.normalisation[1])};
  o.weights.block_width = ns::train::block_width(o.block);
  ns::nn::Graph graph =
      ns::arch::build(o.arch, parse_shape(o.input), o.classes, o.width, {o.activation_bits});
  if (o.members > 1) {
    const std::string split = o.split.empty() ? ns::binary::default_split(graph) : o.split;
    graph = ns::binary::tentacle(graph, {o.members, split, ns::binary::Merge::kConcat});
  }
  if (!o.gate_ratios.empty())
    graph = ns::nested::with_gates(graph, {o.gate_ratios, ns::nested::default_dense_layers()});
  const ns::Json config = {{"arch", o.arch},
                           {"input", o.input},
                           {"classes", o.classes},
                           {"width", o.width},
                           {"activation_bits", o.activation_bits},
                           {"normalisation", o.normalisation},
                           {"members", o.members},
                           {"split", o.split},
                           {"block", o.block},
                           {"sparsities", o.weights.sparsities},
                           {"gate_ratios", o.gate_ratios}};
  const ns::pack::NetworkDescription description = random_network(graph, o.weights).packed;
  const ns::pack::Provenance provenance{{}, o.weights.seed, "", config, {{"optimize", o.optimize}}};
  const ns::pack::PackedModel packed =
      ns::pack::pack_model({description}, provenance, ns::pack::parse_objective(o.optimize));
  ns::AtomicFile file(o.output.output, overwrite);
  file.write(packed.bytes);
  file.commit();
  if (o.json) {
    const auto report = ns::pack::storage_report(description, provenance, packed);
    standard_output().record(storage_json(report, o.output.output, ns::sha256_hex(packed.bytes), 0));
    standard_output().finish();
  }
  log_info("{}: {} bytes, arena {} bytes", o.output.output, packed.bytes.size(),
           packed.layouts[0].plan.arena_bytes);
  return kDone;
}

}  // namespace

int main(int argc, char** argv) {
  const ToolInfo info{
      "random-model", "Packs a network with random weights, to measure what it costs.",
      "  random-model --arch resnet8 --input 32x32x3 --sparsities 0.7,0.8,0.9 -o resnet8.nsm\n"
      "  random-model --arch nin_binary --members 3 --split block2.spatial -o tentacle3.nsm\n"
      "  random-model --arch mobilenet_v1 --width 0.25 --input 96x96x3 --classes 2 -o person.nsm",
      "ns-bench MODEL.nsm --target emulator --cost-only counts its instructions."};
  Options options;
  return run_tool(info, argc, argv, [&](CLI::App& app) {
    declare(app, options);
    return [&options] { return run(options); };
  });
}
