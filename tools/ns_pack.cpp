// ns-pack: a float checkpoint becomes a packed int8 model that runs in place from flash.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>

#include "common/artifact_stream.h"
#include "common/data_set.h"
#include "common/option_groups.h"
#include "common/progress.h"
#include "common/run_tool.h"
#include "common/streams.h"
#include "ns/base/error.h"
#include "ns/base/sha256.h"
#include "ns/data/catalog.h"
#include "ns/data/split.h"
#include "ns/deploy/planar_input.h"
#include "ns/nested/member.h"
#include "ns/nested/width_slice.h"
#include "ns/pack/extract_subnet.h"
#include "ns/pack/storage_report.h"
#include "ns/quant/quantise.h"
#include "pack/one_width.h"
#include "pack/storage_table.h"

namespace {

struct Options {
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

void declare(CLI::App& app, Options& o) {
  app.add_option("CHECKPOINT", o.checkpoint, "Dense, nested, slimmable or gated checkpoint (.safetensors)")
      ->required()
      ->transform(artifact_input());
  add_output_options(app, o.output, "Packed model (.nsm)");
  add_data_options(app, o.data);
  app.add_option("--calibration-images", o.calibration_images,
                 "Training images that show the range of every activation")
      ->transform(whole_number(1))
      ->capture_default_str();
  app.add_option("--subnet", o.subnet, "Pack this subnet alone, 1 = sparsest (0: all, nested in one file)")
      ->transform(whole_number())
      ->capture_default_str();
  app.add_option("--member", o.member,
                 "Pack this member of an ensemble alone, a network of its own (0: all, as one network)")
      ->transform(whole_number())
      ->capture_default_str()
      ->excludes("--subnet");
  app.add_option("--width", o.width, "Pack this width of a slimmable checkpoint, as a dense network")
      ->check(CLI::PositiveNumber);
  app.add_option("--optimize", o.optimize,
                 "What each layer's encoding is chosen for: speed (instructions), flash (bytes) or balanced")
      ->check(CLI::IsMember({"speed", "balanced", "flash"}))
      ->capture_default_str();
  app.add_option(
         "--fast-ram", o.fast_ram,
         "Bytes of fast RAM (DTCM) that will hold the arena's beginning: what is accessed most goes there")
      ->transform(whole_number());
  add_size_gates(app, o.max_flash, o.max_ram);
  add_progress_option(app, o.progress);
  add_json_option(app, o.json);
}

/// Calibration images, as pixels: from the training part, never the test part.
ns::data::Dataset calibration_set(const Options& o, const ns::nn::Graph& graph) {
  ns::data::Dataset dataset =
      ns::data::load_dataset(o.data.data, o.data.data_dir, ns::data::Part::kTrain,
                             graph.detection.present() ? graph.input : ns::ImageShape{});
  for (const std::string& warning : dataset.warnings) spdlog::warn("{}", warning);
  if (graph.detection.present() != dataset.has_boxes())
    throw ns::input_error(o.checkpoint + ": its network is " +
                              (graph.detection.present() ? "a detector" : "a classifier") + ", and " +
                              dataset.name + (dataset.has_boxes() ? " has boxes" : " has no boxes"),
                          "choose the data set it was trained on with --data");
  if (!(dataset.shape == graph.input))
    throw ns::input_error(o.checkpoint + ": its network takes other images than " + dataset.name + " has");
  const auto classes = static_cast<std::size_t>(graph.detection.present() ? graph.detection.classes
                                                                          : graph.infer_shapes().back().c);
  if (classes != dataset.classes.size())
    throw ns::input_error(o.checkpoint + ": its network has " + std::to_string(classes) + " classes, " +
                          dataset.name + " has " + std::to_string(dataset.classes.size()));
  return ns::data::take_first(std::move(dataset), std::min(o.calibration_images, dataset.size()));
}

ns::Tensor as_batch(const ns::data::Dataset& dataset) {
  const ns::ImageShape& s = dataset.shape;
  ns::Tensor batch({static_cast<std::int64_t>(dataset.size()), s.h, s.w, s.c});
  ns::data::normalise(dataset.pixels, dataset.normalisation, batch.values());
  return batch;
}

/// `whole` is the slimmable model of which `model` is a width, or null.
ns::quant::QuantisedNetwork quantised(const Options& o, ns::nested::Model& model,
                                      const ns::nested::Model* whole, const ns::data::Dataset& dataset) {
  Progress progress("calibrating", "images", progress_mode(o.progress));
  const ns::data::Normalisation& n = dataset.normalisation;
  return ns::quant::quantise(
      model, as_batch(dataset), {n.scale, n.zero_point()},
      [&](std::int64_t done, std::int64_t total) { progress.update(done, total); }, whole);
}

ns::pack::Provenance provenance_of(const Options& o, const ns::checkpoint::Profile& profile,
                                   const ns::data::Dataset& dataset) {
  ns::Json packing{{"calibration_images", dataset.size()}, {"optimize", o.optimize}, {"subnet", o.subnet}};
  if (o.member > 0) packing["member"] = o.member;
  if (o.width > 0) packing["width"] = o.width;
  if (o.fast_ram > 0) packing["fast_ram"] = o.fast_ram;
  if (profile.data_manifest_sha256 != dataset.manifest_sha256) {
    packing["data_manifest_sha256"] = dataset.manifest_sha256;
    spdlog::warn("{} was trained on other files than these of {}", o.checkpoint, dataset.name);
  }
  return {{ns::sha256_hex_of_file(o.checkpoint)},
          profile.seed,
          profile.data_manifest_sha256,
          ns::parse_json(profile.config, o.checkpoint),
          std::move(packing)};
}

int run(Options o) {
  ArtifactOutput output(o.output, o.json, {o.checkpoint});
  const ns::checkpoint::Archive archive = ns::checkpoint::read_safetensors(o.checkpoint);
  const ns::checkpoint::Profile profile = ns::checkpoint::profile_of(archive);
  ns::nested::Model model =
      o.member > 0 ? ns::nested::member_model(archive, o.member) : ns::nested::model_of(archive);
  if (o.subnet > model.subnets())
    throw ns::usage_error("--subnet " + std::to_string(o.subnet) + ": " + o.checkpoint + " has " +
                          std::to_string(model.subnets()) + " subnets");
  const int slice = subnet_of_width(o.checkpoint, profile.widths, o.width, o.subnet);
  choose_data_set(o.data, {o.checkpoint});
  const ns::data::Dataset dataset = calibration_set(o, model.network().graph());

  std::optional<ns::nested::WidthSlice> one_width;
  if (slice > 0) one_width.emplace(model, profile.widths, slice);
  ns::nested::Model& packed_model = one_width ? one_width->dense() : model;
  ns::pack::NetworkDescription description;
  description.name = packed_model.network().graph().name;
  description.classes = dataset.classes;
  description.sparsities.assign(profile.sparsities.rbegin(), profile.sparsities.rend());
  if (profile.sparsities.empty())
    description.sparsities.assign(static_cast<std::size_t>(packed_model.subnets()), 0.0);
  description.network = quantised(o, packed_model, one_width ? &model : nullptr, dataset);
  if (o.subnet > 0) {
    description.network = ns::pack::extract_subnet(description.network, o.subnet);
    description.sparsities = {description.sparsities[static_cast<std::size_t>(o.subnet - 1)]};
  }
  const ns::ImageShape& shape = dataset.shape;
  description.test_input.resize(dataset.image(0).size());
  ns::deploy::planar_input(dataset.image(0), static_cast<std::size_t>(shape.h),
                           static_cast<std::size_t>(shape.w), static_cast<std::size_t>(shape.c),
                           description.test_input);
  const ns::pack::Provenance provenance = provenance_of(o, profile, dataset);
  const ns::pack::PackedModel packed =
      ns::pack::pack_model({description}, provenance, ns::pack::parse_objective(o.optimize), o.fast_ram);
  ns::pack::StorageReport report = ns::pack::storage_report(description, provenance, packed);
  if (slice > 0 && slice == model.subnets())
    report.slimmable_bytes = slimmable_bytes(model.network().graph(), profile.widths, report.file_bytes);

  if (o.json)
    standard_output().record(storage_json(report, o.output.output, ns::sha256_hex(packed.bytes), o.fast_ram));
  else
    output.report(storage_table(report, o.fast_ram));
  bool passed = true;
  const auto gate = [&](const char* name, std::size_t found, const std::optional<std::uint64_t>& limit,
                        const std::string& most) {
    if (!limit || found <= *limit) return;
    spdlog::error("{}: {} bytes are more than the {} allowed; nothing was written; layer \"{}\" takes most",
                  name, found, *limit, most);
    passed = false;
  };
  const auto largest =
      std::max_element(report.layers.begin(), report.layers.end(), [](const auto& a, const auto& b) {
        return a.packed_bytes + a.table_bytes < b.packed_bytes + b.table_bytes;
      });
  gate("--max-flash", report.file_bytes, o.max_flash, largest == report.layers.end() ? "" : largest->layer);
  gate("--max-ram", report.arena_bytes, o.max_ram, report.fullest_layer);
  if (!passed) return kCheckFailed;
  output.write(packed.bytes);
  return kDone;
}

}  // namespace

int main(int argc, char** argv) {
  const ToolInfo info{
      "ns-pack",
      "Packs a checkpoint: int8 weights shared by all subnets, one file that runs in place from flash.",
      "  ns-pack nested.safetensors -o model.nsm\n"
      "  ns-pack nested.safetensors --subnet 1 --max-flash 65536 -o sparsest.nsm --json\n"
      "  ns-pack slimmable.safetensors --width 0.5 -o half.nsm\n"
      "  ns-pack benn.safetensors --member 1 -o first.nsm",
      "ns-bench measures the packed model; ns-info explains it layer by layer."};
  Options options;
  return run_tool(info, argc, argv, [&](CLI::App& app) {
    declare(app, options);
    return [&] { return run(options); };
  });
}
