#include "ensemble/evaluate.h"

#include <algorithm>
#include <memory>
#include <numeric>

#include "common/exit_code.h"
#include "common/progress.h"
#include "common/stop_signal.h"
#include "common/streams.h"
#include "ensemble/report.h"
#include "ns/base/json.h"
#include "ns/base/sha256.h"
#include "ns/checkpoint/training_data.h"
#include "ns/data/catalog.h"
#include "ns/data/exclusion.h"
#include "ns/data/split.h"
#include "ns/train/ensemble_scores.h"

namespace {

using ns::train::EnsembleScores;

std::vector<EnsembleScores> read_all(const EnsembleOptions& o) {
  std::vector<EnsembleScores> all;
  for (const std::string& path : o.inputs) {
    all.emplace_back(ns::checkpoint::read_safetensors(path));
    const EnsembleScores &first = all.front(), &last = all.back();
    const auto refuse = [&](const std::string& what) {
      throw ns::input_error(last.origin() + ": does not go with " + first.origin() + ": " + what,
                            "members of an ensemble answer the same question");
    };
    if (last.graph().input != first.graph().input) refuse("it takes images of another shape");
    if (last.classes() != first.classes()) refuse("it has another number of classes");
    if (last.profile().data_manifest_sha256 != first.profile().data_manifest_sha256) {
      refuse("it was trained on other data files");
    }
  }
  return all;
}

// Joined: all members of all checkpoints, in order.
ns::anytime::StageLogits logits_of(std::vector<EnsembleScores>& all, const ns::data::Dataset& dataset,
                                   const std::string& what, const std::string& progress) {
  Progress bar(what, "images", progress_mode(progress));
  ns::anytime::StageLogits joined;
  std::int64_t before = 0;
  const auto total = static_cast<std::int64_t>(dataset.size() * all.size());
  for (EnsembleScores& scores : all) {
    ns::anytime::StageLogits part = scores.logits(dataset, [&](std::size_t done) {
      throw_if_stopped();
      bar.update(before + static_cast<std::int64_t>(done), total);
    });
    before += static_cast<std::int64_t>(dataset.size());
    joined.samples = part.samples;
    joined.classes = part.classes;
    std::move(part.stages.begin(), part.stages.end(), std::back_inserter(joined.stages));
  }
  bar.clear();
  return joined;
}

}  // namespace

int evaluate_checkpoints(const EnsembleOptions& o) {
  watch_stop_signals();
  ns::nn::use_threads(o.threads);
  std::vector<EnsembleScores> all = read_all(o);
  EnsembleReport report;
  for (const std::string& path : o.inputs) report.sha256s.push_back(ns::sha256_hex_of_file(path));
  std::size_t validation_images = static_cast<std::size_t>(-1);
  for (const EnsembleScores& scores : all) {
    const auto data = ns::checkpoint::training_data(scores.profile().config, scores.origin());
    if (report.dataset.empty()) report.dataset = data.dataset;
    validation_images = std::min(validation_images, static_cast<std::size_t>(std::max(data.held_out, 0)));
    const std::vector<double> macs = scores.member_macs();
    report.member_macs.insert(report.member_macs.end(), macs.begin(), macs.end());
    const auto layers = ns::binary::layer_costs(scores.graph());
    report.layers.insert(report.layers.end(), layers.begin(), layers.end());
    report.networks.push_back(scores.graph().name);
    report.configs.push_back(ns::Json::parse(scores.profile().config));
  }
  if (report.dataset.empty()) {
    throw ns::input_error(o.inputs[0] + ": its config does not say which data set it is for");
  }
  ns::data::Dataset test = ns::data::load_dataset(report.dataset, o.data_dir, ns::data::Part::kTest);
  if (!o.exclude.empty()) {
    report.excluded_images = test.size();
    test = ns::data::without_listed(std::move(test), o.exclude);
    report.excluded_images -= test.size();
  }
  if (o.images > 0) test = ns::data::take_first(std::move(test), o.images);
  const ns::anytime::StageLogits logits = logits_of(all, test, "test", o.progress);
  report.images = test.size();
  report.evaluation = ns::train::evaluate_ensemble(logits, test.labels);
  if (logits.stages.size() > 1 && validation_images >= ns::anytime::kLeastCalibrationSamples) {
    const ns::data::Dataset validation =
        ns::data::hold_out_last(ns::data::load_dataset(report.dataset, o.data_dir, ns::data::Part::kTrain),
                                validation_images)
            .validation;
    report.early =
        ns::train::stop_early(logits_of(all, validation, "validation", o.progress), validation.labels, logits,
                              test.labels, ns::anytime::confidence_of(o.confidence), report.member_macs);
    report.confidence = o.confidence;
  }
  standard_output().write(o.json ? "" : text_of(report));
  if (o.json) standard_output().line(ns::canonical_dump(json_of(report)));

  int status = kDone;
  if (o.min_accuracy && report.evaluation.mean_logit < *o.min_accuracy) {
    tell_missed_gate("accuracy " + ns::canonical_dump(report.evaluation.mean_logit) +
                     " is below --min-accuracy " + ns::canonical_dump(*o.min_accuracy));
    status = kCheckFailed;
  }
  const std::int64_t bytes = ns::binary::total(report.layers).packed_bytes();
  if (o.max_bytes && static_cast<std::uint64_t>(bytes) > *o.max_bytes) {
    tell_missed_gate(std::to_string(bytes) + " bytes are above --max-bytes " + std::to_string(*o.max_bytes));
    status = kCheckFailed;
  }
  return status;
}
