#include <algorithm>
#include <filesystem>

#include "common/artifact_stream.h"
#include "coop/options.h"
#include "ns/base/error.h"

namespace {

void declare_rule(CLI::App& app, CoopOptions& o) {
  app.add_option(
         "--aggregate", o.aggregates,
         "How the answers are combined, a list: replace, mean, weighted, mean_logit, geometric, max, vote")
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("--confidence", o.confidences,
                 "What the threshold is for, a list: max_probability, margin, entropy, interval")
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("--thresholds", o.thresholds,
                 "One threshold, or one per class or stage (Lagrangian fits of errors against cost), a list: "
                 "one, class, stage")
      ->delimiter(',')
      ->check(CLI::IsMember({"one", "class", "stage"}))
      ->capture_default_str();
  add_calibration_options(app, o);
  app.add_option("--calibration-views", o.calibration_views,
                 "Views in which every validation image counts, a list; identity,flip halves what one side "
                 "gains by luck")
      ->delimiter(',')
      ->capture_default_str();
  app.add_flag("--break-even", o.break_even,
               "Cheapest rule that is as good as the last model alone on the validation split (the default)");
  app.add_option("--margin", o.margin,
                 "With --break-even: so many points above the last model, for thresholds fit their "
                 "validation split best")
      ->check(number_between(0, 100))
      ->capture_default_str();
  app.add_option("--standard-errors", o.standard_errors,
                 "With --break-even: so many standard errors of the difference above the last model")
      ->check(number_between(0, 10))
      ->capture_default_str();
  app.add_flag("--best-accuracy", o.best_accuracy, "Most accurate rule on the validation split");
  app.add_option("--min-accuracy", o.min_accuracy,
                 "Cheapest rule of at least this validation accuracy, 0 to 1")
      ->check(number_between(0, 1));
  app.add_option("--max-mean-cost", o.max_mean_cost,
                 "Most accurate rule of at most this mean cost (multiply-accumulates; with the emulator: "
                 "instructions)")
      ->check(number_between(1, 1e15));
}

void declare_gates(CLI::App& app, CoopOptions& o) {
  app.add_option("--min-test-accuracy", o.gates.min_test_accuracy,
                 "Gate: least top-1 accuracy together, 0 to 1")
      ->check(number_between(0, 1));
  app.add_option("--min-cost-saved", o.gates.min_cost_saved,
                 "Gate: least ratio of the last model's cost to the mean cost together")
      ->check(number_between(0, 1000));
  app.add_option("--max-loss", o.gates.max_loss,
                 "Gate: most points that they may lie below the last model alone")
      ->check(number_between(-100, 100));
  add_size_gates(app, o.gates.max_flash, o.gates.max_ram);
}

// Two outputs in one file: the later would replace the earlier.
void check_outputs_differ(const CoopOptions& o) {
  std::vector<std::filesystem::path> seen;
  for (const std::string& path : {o.output.output, o.per_sample, o.sample_weights}) {
    if (path.empty()) continue;
    seen.push_back(std::filesystem::weakly_canonical(std::filesystem::absolute(path)));
    if (std::count(seen.begin(), seen.end(), seen.back()) > 1)
      throw ns::usage_error(path + ": is named for two outputs",
                            "--output, --per-sample and --sample-weights each need a file of their own");
  }
}

}  // namespace

void declare(CLI::App& app, CoopOptions& o) {
  app.add_option(
         "MODEL", o.models,
         "Packed models (.nsm), cheapest first; MODEL:K is subnet K of it (else the densest), MODEL@flip the "
         "model asked about a view of the image")
      ->required()
      ->transform(artifact_input());
  app.add_option("-o,--output", o.output.output, "Cooperative model to write (- for standard output)");
  app.add_flag("--overwrite", o.output.overwrite, "Replace existing outputs");
  add_image_options(app, o);
  declare_rule(app, o);
  app.add_option("--beside", o.beside,
                 "Packed models to evaluate alone beside them, e.g. plain ones of equal cost")
      ->delimiter(',');
  app.add_option("--sample-weights", o.sample_weights,
                 "Write a weight per training image, for ns-train: how unsure the model before the last is");
  declare_gates(app, o);
  add_run_options(app, o);
}

void check(const CoopOptions& o) {
  check(o, o.aggregates, o.confidences);
  check_outputs_differ(o);
  if (o.models.size() < 2)
    throw ns::usage_error("one model cannot cooperate: at least two are needed",
                          "MODEL:1 and MODEL:2 are two subnets of one model");
  const int goals = o.break_even + o.best_accuracy + o.min_accuracy.has_value() +
                    o.max_mean_cost.has_value() + o.threshold.has_value();
  if (goals > 1)
    throw ns::usage_error(
        "--break-even, --best-accuracy, --min-accuracy, --max-mean-cost and --threshold exclude each other");
  if (o.margin + o.standard_errors > 0 && o.target() != "break-even")
    throw ns::usage_error("--margin and --standard-errors go with --break-even");
  if (o.threshold) {
    const bool single = o.aggregates.size() == 1 && o.confidences.size() == 1;
    if (!single || o.aggregates.front() == "weighted" || o.thresholds != std::vector<std::string>{"one"})
      throw ns::usage_error(
          "--threshold: name one --aggregate and one --confidence; weights and several thresholds "
          "are learned by calibration");
  }
}
