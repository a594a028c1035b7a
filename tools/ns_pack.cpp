// ns-pack: a float checkpoint becomes a packed int8 model that runs in place from flash.

#include <algorithm>
#include <optional>

#include "common/artifact_stream.h"
#include "common/data_set.h"
#include "common/log.h"
#include "common/run_tool.h"
#include "common/streams.h"
#include "ns/base/error.h"
#include "ns/base/sha256.h"
#include "ns/deploy/planar_input.h"
#include "ns/nested/member.h"
#include "ns/nested/width_slice.h"
#include "ns/pack/extract_subnet.h"
#include "ns/pack/storage_report.h"
#include "pack/calibration.h"
#include "pack/one_width.h"
#include "pack/storage_table.h"

namespace {

ns::pack::Provenance provenance_of(const PackOptions& o, const ns::checkpoint::Profile& profile,
                                   const ns::data::Dataset& dataset) {
  ns::Json packing{{"calibration_images", dataset.size()}, {"optimize", o.optimize}, {"subnet", o.subnet}};
  if (o.member > 0) packing["member"] = o.member;
  if (o.width > 0) packing["width"] = o.width;
  if (o.fast_ram > 0) packing["fast_ram"] = o.fast_ram;
  if (profile.data_manifest_sha256 != dataset.manifest_sha256) {
    packing["data_manifest_sha256"] = dataset.manifest_sha256;
    log_warning("{} was trained on other files than these of {}", o.checkpoint, dataset.name);
  }
  return {{ns::sha256_hex_of_file(o.checkpoint)},
          profile.seed,
          profile.data_manifest_sha256,
          ns::parse_json(profile.config, o.checkpoint),
          std::move(packing)};
}

bool gates_passed(const PackOptions& o, const ns::pack::StorageReport& report) {
  bool passed = true;
  const auto gate = [&](const char* name, std::size_t found, const std::optional<std::uint64_t>& limit,
                        const std::string& most) {
    if (!limit || found <= *limit) return;
    log_error("{}: {} bytes are more than the {} allowed; nothing was written; layer \"{}\" takes most", name,
              found, *limit, most);
    passed = false;
  };
  const auto largest =
      std::max_element(report.layers.begin(), report.layers.end(), [](const auto& a, const auto& b) {
        return a.packed_bytes + a.table_bytes < b.packed_bytes + b.table_bytes;
      });
  gate("--max-flash", report.file_bytes, o.max_flash, largest == report.layers.end() ? "" : largest->layer);
  gate("--max-ram", report.arena_bytes, o.max_ram, report.fullest_layer);
  return passed;
}

int run(PackOptions o) {
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
  if (!gates_passed(o, report)) return kCheckFailed;
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
  PackOptions options;
  return run_tool(info, argc, argv, [&](CLI::App& app) {
    declare(app, options);
    return [&] { return run(options); };
  });
}
