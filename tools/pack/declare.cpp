#include "common/artifact_stream.h"
#include "pack/options.h"

void declare(CLI::App& app, PackOptions& o) {
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
