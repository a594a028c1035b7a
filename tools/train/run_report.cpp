#include "train/run_report.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "common/streams.h"
#include "ns/base/json.h"
#include "ns/report/table.h"

namespace {

void report_epoch(const ns::train::EpochRecord& epoch, int epochs, bool json) {
  if (json) standard_output().line(ns::canonical_dump(to_json(epoch)));
  std::string subnets;
  for (const ns::train::SubnetRecord& subnet : epoch.subnets) {
    subnets += fmt::format("{}{:.4f}", subnets.empty() ? "" : " ", subnet.train_loss);
  }
  subnets += epoch.subnets.back().validation_map >= 0 ? ", validation mAP" : ", validation";
  for (const ns::train::SubnetRecord& subnet : epoch.subnets) {
    const double score = std::max(subnet.validation_accuracy, subnet.validation_map);
    subnets += score < 0 ? " -" : " " + ns::report::percent(score);
  }
  spdlog::info("epoch {}/{} {}: loss {}, {:.0f} images/s", epoch.epoch, epochs, epoch.phase, subnets,
               epoch.images_per_second);
}

}  // namespace

ns::train::Observers observers_of_run(const ns::train::Recipe& recipe, const std::string& resumable,
                                      Progress& bar, bool json) {
  ns::train::Observers observers;
  observers.on_step = [&](const ns::train::StepReport& at) {
    bar.update(at.images_done, at.images_total,
               fmt::format("epoch {}/{}, loss {:.3f}", at.epoch, recipe.epochs, at.loss));
  };
  observers.on_epoch = [&, json](const ns::train::EpochRecord& epoch) {
    bar.clear();
    report_epoch(epoch, recipe.epochs, json);
  };
  observers.save_resumable = [&](const ns::checkpoint::Archive& archive) {
    write_safetensors(resumable, archive, ns::Overwrite::kYes);
  };
  return observers;
}
