// coop-eval: networks that cooperate. The cheap one answers; where it is not sure, the next is asked.

#include "common/artifact_stream.h"
#include "common/data_set.h"
#include "common/default_firmware.h"
#include "common/log.h"
#include "common/run_tool.h"
#include "common/stop_signal.h"
#include "common/streams.h"
#include "coop/report.h"
#include "coop/sample_weights.h"
#include "ns/base/atomic_file.h"
#include "ns/base/error.h"
#include "ns/data/catalog.h"
#include "ns/data/split.h"

namespace {

int run(CoopOptions o) {
  check(o);
  watch_stop_signals();
  const auto overwrite = o.output.overwrite ? ns::Overwrite::kYes : ns::Overwrite::kNo;
  std::optional<ArtifactOutput> output;
  if (!o.output.output.empty()) output.emplace(o.output, o.json, std::initializer_list<std::string>{});
  for (const std::string& path : {o.per_sample, o.sample_weights})
    if (!path.empty()) ns::check_writable(path, overwrite);
  choose_data_set(o.data, files_of(o));
  ns::data::Dataset test = ns::data::load_dataset(o.data.data, o.data.data_dir, ns::data::Part::kTest);
  if (o.images > 0 && o.images < test.size()) test = ns::data::take_first(std::move(test), o.images);
  const Partners partners = open_partners(o, test);
  for (std::size_t i = 1; i < partners.stages.size(); ++i) {
    const Partner &before = partners.stages[i - 1], &after = partners.stages[i];
    if (before.cost > after.cost)
      log_warning("{} costs more than {}, which is asked after it: the cheapest should come first",
                  before.name, after.name);
  }
  for (const auto& model : partners.models) {
    for (const std::string& path : {o.output.output, o.per_sample, o.sample_weights}) {
      if (!path.empty() && path != "-") ns::check_writable(path, overwrite, {model->path()});
    }
  }
  if (!o.sample_weights.empty() && partners.baseline() == 0)
    throw ns::usage_error("--sample-weights: there is no model before the last one");
  const Calibration calibration = calibrate(o, partners);
  const CoopResult result = evaluate_rule(o, partners, calibration, test);
  const std::string text = result_text(o, partners, calibration, result);
  if (o.json) {
    standard_output().record(to_json(o, partners, calibration, result, test));
  } else if (output) {
    output->report(text);
  } else {
    standard_output().write(text);
  }
  const auto write = [&](const std::string& path, const std::string& lines) {
    ns::AtomicFile file(path, overwrite);
    file.write(lines);
    file.commit();
  };
  if (!o.per_sample.empty()) write(o.per_sample, per_sample_lines(result, test.labels));
  if (!o.sample_weights.empty()) write(o.sample_weights, sample_weight_lines(o, partners));
  const std::vector<std::string> missed = missed_gates(o, partners, result);
  for (const std::string& line : missed) log_error("{}", line);
  if (!missed.empty()) return kCheckFailed;
  if (output) output->write(result.file);
  return kDone;
}

}  // namespace

int main(int argc, char** argv) {
  const ToolInfo info{
      "coop-eval", "Networks that cooperate: calibrates when to ask the next, and makes one model of them.",
      "  coop-eval small.nsm large.nsm --break-even -o cooperative.nsm\n"
      "  coop-eval nested.nsm:1 nested.nsm:3 --target host,emulator --best-accuracy --json",
      "ns-bench measures the cooperative model; ns-info explains it."};
  CoopOptions options;
  options.firmware = default_firmware();
  return run_tool(info, argc, argv, [&](CLI::App& app) {
    declare(app, options);
    return [&] { return run(options); };
  });
}
