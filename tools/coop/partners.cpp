#include "coop/partners.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "common/stop_signal.h"
#include "ns/base/error.h"
#include "ns/base/sha256.h"
#include "ns/checkpoint/training_data.h"
#include "ns/deploy/benchmark.h"
#include "ns/deploy/cooperative_model.h"

using namespace ns::deploy;

namespace {

// "model.nsm:2" is subnet 2; a file of that very name would be meant otherwise, and nobody has one.
void split_subnet(Partner& partner) {
  const std::string text = partner.path;
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon + 1 == text.size()) return;
  const char *const begin = text.data() + colon + 1, *const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(begin, end, partner.subnet);
  if (error != std::errc() || rest != end) {
    partner.subnet = 0;
    return;
  }
  partner.path = text.substr(0, colon);
  if (partner.subnet < 1) throw ns::usage_error(text + ": subnets count from 1");
}

// Where the view begins in "model.nsm:2@flip", which is asked about the mirror image, if no file has that
// name.
std::size_t view_in(const std::string& text) {
  const std::size_t at = text.rfind('@');
  const bool view =
      at != std::string::npos && text.find('/', at) == std::string::npos && !std::filesystem::exists(text);
  return view ? at : std::string::npos;
}

Partner parse(const std::string& text, ns::ImageShape shape) {
  const std::size_t at = view_in(text);
  Partner partner{.name = text, .path = text.substr(0, at), .view = {}, .subnet = 0};
  if (at != std::string::npos) {
    partner.view = ns::augment::parse_view(std::string_view(text).substr(at + 1), shape, text);
    if (!partner.view.placement())
      throw ns::usage_error(text + ": microcontrollers run views of one shift and one mirror image",
                            "for example @flip or @shift:0,2+flip");
  }
  split_subnet(partner);
  return partner;
}

bool same_network(const Partner& a, const Partner& b) {
  return a.model == b.model && a.subnet == b.subnet;
}

// A stage is new to those before it, and a view adds to what its model says of the image itself.
void require_new(const Partner& partner, const std::vector<Partner>& before) {
  bool asked = false;
  for (const Partner& other : before) {
    if (!same_network(partner, other)) continue;
    asked = asked || other.view.identity();
    if (other.view == partner.view)
      throw ns::usage_error(partner.name + ": the same model twice cannot cooperate with itself",
                            "a view of the image, for example @flip, makes it another question");
  }
  if (!partner.view.identity() && !asked)
    throw ns::usage_error(partner.name + ": the model must be asked about the image itself before",
                          "name it once more, without the view, further ahead");
}

void require_single(const PackedModel& model) {
  if (model.rule() != nullptr)
    throw ns::input_error(model.path() + ": is a cooperative model itself",
                          "give the models it was made of; ns-bench runs it as it is");
  if (model.networks() != 1)
    throw ns::input_error(model.path() + ": holds " + std::to_string(model.networks()) +
                          " networks, one expected");
}

Partner open_one(const std::string& text, ns::ImageShape shape, Partners& all) {
  Partner partner = parse(text, shape);
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
  for (const Partner& partner : stages)
    list.push_back({partner.view, partner.subnet, partner.cost, partner.model});
  return list;
}

std::size_t Partners::baseline() const {
  const auto same = [&](const Partner& stage) { return same_network(stage, stages.back()); };
  return static_cast<std::size_t>(std::ranges::find_if(stages, same) - stages.begin());
}

std::vector<ns::anytime::Stage> Partners::all_stages() const {
  std::vector<ns::anytime::Stage> list = stages_only();
  for (const Partner& partner : beside)
    list.push_back({partner.view, partner.subnet, partner.cost, partner.model});
  return list;
}

std::vector<std::string> files_of(const CoopOptions& o) {
  std::vector<std::string> files;
  for (const auto* list : {&o.models, &o.beside}) {
    for (const std::string& text : *list) {
      Partner partner;
      partner.path = text.substr(0, view_in(text));
      split_subnet(partner);
      files.push_back(partner.path);
    }
  }
  return files;
}

Partners open_partners(const CoopOptions& o, const ns::data::Dataset& dataset) {
  Partners partners;
  for (const std::string& text : o.models) {
    Partner partner = open_one(text, dataset.shape, partners);
    require_new(partner, partners.stages);
    partners.stages.push_back(std::move(partner));
  }
  partners.stage_models = partners.models.size();
  for (const std::string& text : o.beside) partners.beside.push_back(open_one(text, dataset.shape, partners));
  for (const auto& model : partners.models) {
    partners.classifiers.push_back(
        std::make_unique<PackedClassifier>(*model, dataset, static_cast<unsigned>(o.threads)));
    const int held_out = ns::checkpoint::training_data(describe(*model).config, model->path()).held_out;
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
