#include "train/run_report.h"

#include <algorithm>

#include "common/log.h"
#include "common/streams.h"
#include "ns/base/json.h"
#include "ns/report/table.h"

namespace {

void tell_epoch(const ns::train::EpochRecord& epoch, const ns::train::Recipe& recipe) {
  std::string subnets;
  for (const ns::train::SubnetRecord& subnet : epoch.subnets) {
    subnets += fmt::format("{}{:.4f}", subnets.empty() ? "" : " ", subnet.train_loss);
  }
  subnets += epoch.subnets.back().validation_map >= 0 ? ", validation mAP" : ", validation";
  for (const ns::train::SubnetRecord& subnet : epoch.subnets) {
    const double score = std::max(subnet.validation_accuracy, subnet.validation_map);
    subnets += score < 0 ? " -" : " " + ns::report::percent(score);
  }
  const std::string member =
      epoch.member > 0 ? fmt::format("member {} of {}, ", epoch.member, recipe.members) : "";
  log_info("{}epoch {}/{} {}: loss {}, {:.0f} images/s", member, epoch.epoch, recipe.epochs, epoch.phase,
           subnets, epoch.images_per_second);
}

}  // namespace

ns::train::Observers observers_of_run(const std::string& tool, const ns::train::Recipe& recipe,
                                      const std::string& resumable, Progress& bar, bool json) {
  ns::train::Observers observers;
  observers.on_step = [&](const ns::train::StepReport& at) {
    bar.update(at.images_done, at.images_total,
               fmt::format("epoch {}/{}, loss {:.3f}", at.epoch, recipe.epochs, at.loss));
  };
  observers.on_epoch = [&, tool, json](const ns::train::EpochRecord& epoch) {
    bar.clear();
    if (json) standard_output().line(ns::canonical_dump(to_json(epoch, tool)));
    tell_epoch(epoch, recipe);
  };
  observers.save_resumable = [&](const ns::checkpoint::Archive& archive) {
    write_safetensors(resumable, archive, ns::Overwrite::kYes);
  };
  return observers;
}
