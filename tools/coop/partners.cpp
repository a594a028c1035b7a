#include "coop/partners.h"

#include <algorithm>
#include <charconv>

#include "common/stop_signal.h"
#include "ns/base/error.h"
#include "ns/base/sha256.h"
#include "ns/deploy/benchmark.h"
#include "ns/deploy/cooperative_model.h"

using namespace ns::deploy;

namespace {

// "model.nsm:2" is subnet 2; a file of that very name would be meant otherwise, and nobody has one.
Partner parse(const std::string& text) {
  Partner partner{.name = text, .path = text, .subnet = 0};
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon + 1 == text.size()) return partner;
  const char *const begin = text.data() + colon + 1, *const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(begin, end, partner.subnet);
  if (error != std::errc() || rest != end) {
    partner.subnet = 0;
    return partner;
  }
  partner.path = text.substr(0, colon);
  if (partner.subnet < 1) throw ns::usage_error(text + ": subnets count from 1");
  return partner;
}

void require_single(const PackedModel& model) {
  if (model.rule() != nullptr)
    throw ns::input_error(model.path() + ": is a cooperative model itself",
                          "give the models it was made of; ns-bench runs it as it is");
  if (model.networks() != 1)
    throw ns::input_error(model.path() + ": holds " + std::to_string(model.networks()) +
                          " networks, one expected");
}

Partner open_one(const std::string& text, Partners& all) {
  Partner partner = parse(text);
  const auto same = [&](const auto& model) { return model->path() == partner.path; };
  const auto found = std::find_if(all.models.begin(), all.models.end(), same);
  partner.model = static_cast<unsigned>(found - all.models.begin());
  if (found == all.models.end()) {
    all.models.push_back(std::make_unique<PackedModel>(partner.path));
    require_single(*all.models.back());
    require_common_task(*all.models.front(), *all.models.back());
  }
  const PackedModel& model = *all.models[partner.model];
  if (partner.subnet == 0) partner.subnet = model.network(0).subnets;
  model.network(0, static_cast<unsigned>(partner.subnet));  // says if there is none
  partner.sha256 = ns::sha256_hex_of_file(partner.path);
  partner.flash_bytes = model.bytes();
  partner.arena_bytes = model.network(0).arena_bytes;
  return partner;
}

void count_instructions(const CoopOptions& o, Partners& partners) {
  partners.cost_unit = "instructions";
  EmulatorOptions emulator;
  emulator.elf = o.firmware;
  for (unsigned index = 0; index < partners.models.size(); ++index) {
    const PackedModel& model = *partners.models[index];
    const PackedDescription description = describe(model);
    const auto costs =
        EmulatorSession(model, emulator).measure_speed(0, [](std::size_t) { throw_if_stopped(); });
    for (auto* list : {&partners.stages, &partners.beside}) {
      for (Partner& partner : *list) {
        if (partner.model != index) continue;
        const SubnetCost& cost = costs.at(static_cast<std::size_t>(partner.subnet) - 1);
        partner.cost = static_cast<double>(cost.total);
        partner.cycles = estimate_cycles(cost, description.networks.front());
      }
    }
  }
}

}  // namespace

std::vector<ns::anytime::Classifier*> Partners::runners() const {
  std::vector<ns::anytime::Classifier*> list;
  for (const auto& classifier : classifiers) list.push_back(classifier.get());
  return list;
}

std::vector<const PackedModel*> Partners::parts() const {
  std::vector<const PackedModel*> list;
  for (std::size_t i = 0; i < stage_models; ++i) list.push_back(models[i].get());
  return list;
}

std::vector<ns::anytime::Stage> Partners::stages_only() const {
  std::vector<ns::anytime::Stage> list;
  for (const Partner& partner : stages) list.push_back({{}, partner.subnet, partner.cost, partner.model});
  return list;
}

std::vector<ns::anytime::Stage> Partners::all_stages() const {
  std::vector<ns::anytime::Stage> list = stages_only();
  for (const Partner& partner : beside) list.push_back({{}, partner.subnet, partner.cost, partner.model});
  return list;
}

Partners open_partners(const CoopOptions& o, const ns::data::Dataset& dataset) {
  Partners partners;
  for (const std::string& text : o.models) {
    Partner partner = open_one(text, partners);
    for (const Partner& other : partners.stages) {
      if (other.model == partner.model && other.subnet == partner.subnet)
        throw ns::usage_error(text + ": the same model twice cannot cooperate with itself");
    }
    partners.stages.push_back(std::move(partner));
  }
  partners.stage_models = partners.models.size();
  for (const std::string& text : o.beside) partners.beside.push_back(open_one(text, partners));
  for (const auto& model : partners.models) {
    partners.classifiers.push_back(
        std::make_unique<PackedClassifier>(*model, dataset, static_cast<unsigned>(o.threads)));
    const int held_out = validation_images(describe(*model));
    const bool cooperates = partners.classifiers.size() <= partners.stage_models;
    if (cooperates && held_out >= 0 && (partners.held_out < 0 || held_out < partners.held_out)) {
      partners.held_out = held_out;
      partners.held_out_by = model->path();
    }
  }
  for (auto* list : {&partners.stages, &partners.beside}) {
    for (Partner& partner : *list) {
      partner.network = describe(*partners.models[partner.model]).networks.front().name;
      partner.macs = partner.cost = partners.classifiers[partner.model]->macs(partner.subnet);
    }
  }
  if (o.emulated()) count_instructions(o, partners);
  return partners;
}
