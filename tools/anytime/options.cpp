#include "anytime/options.h"

#include "ns/anytime/scoring.h"
#include "ns/base/error.h"

void add_image_options(CLI::App& app, AnytimeOptions& o) {
  add_data_options(app, o.data);
  app.add_option("--images", o.images, "Test images (0: all)")
      ->transform(whole_number())
      ->capture_default_str();
}

void add_calibration_options(CLI::App& app, AnytimeOptions& o) {
  app.add_option("--calibration-images", o.calibration_images, "Validation split: the last training images")
      ->transform(whole_number(1))
      ->capture_default_str();
  app.add_option("--threshold", o.threshold, "Use this threshold, no calibration")
      ->check(number_between(0, 2));
  app.add_flag("--curve", o.curve, "Also print the accuracy-cost curve");
}

void add_run_options(CLI::App& app, AnytimeOptions& o) {
  app.add_option("--target", o.targets,
                 "host, or host,emulator: costs in instructions, decisions on a Cortex-M7")
      ->delimiter(',')
      ->check(CLI::IsMember({"host", "emulator"}))
      ->capture_default_str();
  add_emulator_options(app, o.emulator_images, o.firmware);
  app.add_option("--per-sample", o.per_sample, "Write one JSON line per test image");
  add_threads_option(app, o.threads);
  add_progress_option(app, o.progress);
  add_json_option(app, o.json);
}

void check(const AnytimeOptions& o, const std::vector<std::string>& aggregates,
           const std::vector<std::string>& confidences) {
  for (const std::string& word : aggregates) ns::anytime::aggregate_of(word);
  for (const std::string& word : confidences) ns::anytime::confidence_of(word);
  if (std::find(o.targets.begin(), o.targets.end(), "host") == o.targets.end())
    throw ns::usage_error("--target: the emulator is compared with the host", "use --target host,emulator");
}
