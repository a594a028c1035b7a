#include "ns/train/epoch_record.h"

#include "ns/base/version.h"

namespace ns::train {

Json to_json(const EpochRecord& record, const std::string& tool) {
  Json subnets = Json::array();
  for (const SubnetRecord& subnet : record.subnets) {
    Json item = {{"subnet", subnet.subnet}, {"sparsity", subnet.sparsity}, {"train_loss", subnet.train_loss}};
    if (subnet.width > 0) {
      item["width"] = subnet.width;
    }
    if (subnet.gate_ratio > 0) {
      item["gate_ratio"] = subnet.gate_ratio;
    }
    if (subnet.validation_map >= 0) {
      item["validation_map"] = subnet.validation_map;
    } else if (subnet.validation_accuracy >= 0) {
      item["validation_accuracy"] = subnet.validation_accuracy;
    } else {
      item["validation_accuracy"] = nullptr;
      item["validation_accuracy_reason"] = "no validation images";
    }
    subnets.push_back(std::move(item));
  }
  Json json = {{"schema", "nestkit.train/1"}, {"tool", tool},
               {"version", version()},        {"epoch", record.epoch},
               {"step", record.step},         {"learning_rate", record.learning_rate},
               {"phase", record.phase},       {"images_per_second", record.images_per_second},
               {"seconds", record.seconds},   {"subnets", std::move(subnets)}};
  if (record.member > 0) {
    json["member"] = record.member;
  }
  return json;
}

}  // namespace ns::train
