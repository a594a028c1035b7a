#include "tta/declare.h"

#include "common/artifact_stream.h"
#include "ns/augment/corruption.h"
#include "ns/base/error.h"

namespace {

void declare_rules(CLI::App& app, TtaOptions& o) {
  app.add_option("--order", o.orders, "Order of the views: given, greedy (most useful first, learned)")
      ->delimiter(',')
      ->check(CLI::IsMember({"given", "greedy"}))
      ->capture_default_str();
  app.add_option("--aggregate", o.aggregates,
                 "How stages are combined: mean, mean_logit, geometric, max, vote, weighted, replace "
                 "(default: mean of views, replace of subnets)")
      ->delimiter(',');
  app.add_option("--confidence", o.confidences,
                 "What the threshold is for: max_probability, margin, entropy, interval")
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("--thresholds", o.thresholds, "One threshold, or one per class: one, class")
      ->delimiter(',')
      ->check(CLI::IsMember({"one", "class"}))
      ->capture_default_str();
  app.add_option("--min-passes", o.min_passes, "Never stop before")
      ->check(number_between(1, 64))
      ->transform(whole_number(1))
      ->capture_default_str();
  app.add_option("--max-passes", o.max_passes,
                 "Length of the list of views (0: the shortest that is as good as any)")
      ->check(number_between(0, 64))
      ->transform(whole_number())
      ->capture_default_str();
}

void declare_calibration(CLI::App& app, TtaOptions& o) {
  add_calibration_options(app, o);
  app.add_option(
         "--calibrate-corrupted", o.calibration_corruptions,
         "Corrupt the validation images in turn: NAME:SEVERITY,... as --corrupt; every last one stays clean")
      ->delimiter(',');
  app.add_option("--keep-gain", o.keep_gain,
                 "Calibrate for this part of the static gain (default: 1.0, all of it)")
      ->check(number_between(-10, 10));
  app.add_option("--mean-passes", o.mean_passes, "Calibrate for at most so many passes in the mean")
      ->check(number_between(1, 64));
  app.add_option("--rule", o.rule, "Use the rule of this file and its stages, no calibration")
      ->transform(artifact_input());
  app.add_option("--save-rule", o.save_rule, "Write the calibrated rule");
}

}  // namespace

void declare(CLI::App& app, TtaOptions& o) {
  app.add_option("MODEL", o.model, "Float checkpoint, or packed model (.nsm)")
      ->required()
      ->transform(artifact_input());
  add_image_options(app, o);
  app.add_option("--subnet", o.subnet, "Subnet that sees the views (0: the densest)")
      ->transform(whole_number())
      ->capture_default_str();
  app.add_option("--stages", o.stages, "What the stages are: views, or subnets (sparsest first)")
      ->check(CLI::IsMember({"views", "subnets"}))
      ->capture_default_str();
  app.add_option("--levels", o.levels,
                 "With --stages subnets: these, e.g. 1,3 (default: chosen on validation)")
      ->delimiter(',');
  app.add_option("--policy", o.policy,
                 "Views: identity, flip, shifts, five_crop, ten_crop, crops, scales, rotations, brightness, "
                 "contrast, "
                 "products 'flip*shifts:2', or a JSON file")
      ->capture_default_str();
  declare_rules(app, o);
  declare_calibration(app, o);
  app.add_option("--corrupt", o.corruptions,
                 "Also evaluate corrupted test images, NAME:SEVERITY,...: gaussian_noise, blur, brightness, "
                 "contrast, "
                 "shift, rotation, jpeg; 1 to 5")
      ->delimiter(',');
  app.add_option("--seed", o.seed, "Seed of the corruptions")
      ->transform(whole_number())
      ->capture_default_str();
  app.add_flag("--overwrite", o.overwrite, "Replace existing outputs");
  app.add_option("--min-accuracy", o.gates.min_accuracy, "Gate: least adaptive top-1 accuracy, 0 to 1")
      ->check(number_between(0, 1));
  app.add_option("--min-passes-saved", o.gates.min_passes_saved,
                 "Gate: least ratio of static to adaptive passes")
      ->check(number_between(0, 64));
  app.add_option("--max-loss", o.gates.max_loss, "Gate: most points that adaptive may lie below static")
      ->check(number_between(-100, 100));
  add_run_options(app, o);
}

void check(const TtaOptions& o) {
  check(o, o.aggregates, o.confidences);
  const bool several = o.orders.size() * o.aggregates.size() * o.confidences.size() * o.thresholds.size() > 1;
  const int goals =
      o.keep_gain.has_value() + o.mean_passes.has_value() + o.threshold.has_value() + !o.rule.empty();
  if (goals > 1)
    throw ns::usage_error("--keep-gain, --mean-passes, --threshold and --rule exclude each other");
  if (several && (o.threshold || !o.rule.empty() || !o.save_rule.empty() || !o.per_sample.empty()))
    throw ns::usage_error(
        "several rules at once: --threshold, --rule, --save-rule and --per-sample need a single one");
  for (const auto* list : {&o.corruptions, &o.calibration_corruptions}) {
    for (const std::string& corruption : *list) ns::augment::parse_corruption(corruption);
  }
  if (!o.levels.empty() && o.stages != "subnets") throw ns::usage_error("--levels needs --stages subnets");
  if (o.max_passes != 0 && o.min_passes > o.max_passes)
    throw ns::usage_error("--min-passes " + std::to_string(o.min_passes) + " is more than --max-passes " +
                          std::to_string(o.max_passes));
  if (!o.calibration_corruptions.empty() && (o.threshold || !o.rule.empty()))
    throw ns::usage_error("--calibrate-corrupted: --threshold and --rule are not calibrated");
  if (o.threshold && (o.thresholds.front() == "class" || o.orders.front() == "greedy" ||
                      o.aggregates.front() == "weighted")) {
    throw ns::usage_error(
        "--threshold: thresholds per class, greedy order and weights are learned by calibration");
  }
  if (o.stages == "subnets" && (o.orders.size() > 1 || o.orders.front() != "given" || o.max_passes != 0)) {
    throw ns::usage_error("--stages subnets: --order and --max-passes are for views");
  }
}
