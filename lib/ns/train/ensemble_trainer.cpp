#include "ns/train/ensemble_trainer.h"

#include <algorithm>
#include <cmath>

#include "ns/base/json.h"
#include "ns/base/rng.h"
#include "ns/binary/tentacle.h"
#include "ns/metrics/accuracy.h"
#include "ns/train/evaluate.h"

namespace ns::train {
namespace {

constexpr const char* kVotes = "member_votes";
constexpr const char* kImageWeights = "progress.image_weights";

std::string member_prefix(std::size_t member) {
  return "done.member" + std::to_string(member + 1) + ".";
}

/// Which images the network gets wrong, without augmentation.
std::vector<bool> wrong_answers(nested::Model& model, const data::Dataset& dataset) {
  model.select(1);
  std::vector<bool> wrong;
  for_each_batch(model, dataset, [&](const Tensor& logits, const data::Batch& batch, std::size_t) {
    const auto classes = static_cast<std::size_t>(logits.shape()[1]);
    for (std::size_t i = 0; i < batch.labels.size(); ++i) {
      wrong.push_back(metrics::argmax(logits.values().subspan(i * classes, classes)) != batch.labels[i]);
    }
  });
  return wrong;
}

}  // namespace

EnsembleTrainer::EnsembleTrainer(Recipe recipe, const data::Split& data)
    : recipe_(std::move(recipe)), data_(data) {
  if (!recipe_.benn()) {
    throw internal_error("an ensemble trainer for ensemble " + recipe_.ensemble);
  }
  side_by_side();  // throws what is wrong with the network before hours of training
  image_weights_.assign(data.train.size(), 1.0 / static_cast<double>(data.train.size()));
}

EnsembleTrainer::~EnsembleTrainer() = default;

nn::Graph EnsembleTrainer::side_by_side() const {
  const nn::Graph member = graph_for(recipe_, data_.train);
  return binary::tentacle(member, {recipe_.members, "input", binary::Merge::kConcat});
}

Recipe EnsembleTrainer::member_recipe(std::size_t member) const {
  Recipe recipe = recipe_;
  recipe.seed = derive_seed(recipe_.seed, member) >> 11;  // recipes hold 53 bits
  return recipe;
}

void EnsembleTrainer::teach(Trainer& trainer) const {
  if (!teacher_sha256_.empty()) {
    trainer.learn_from(teacher_, teacher_sha256_);
  }
}

data::Split EnsembleTrainer::sample_for(std::size_t member) const {
  std::vector<double> until(image_weights_.size());  // running sums
  double sum = 0;
  for (std::size_t i = 0; i < until.size(); ++i) {
    until[i] = sum += image_weights_[i];
  }
  Rng rng(derive_seed(member_recipe(member).seed, 0x626f6f74));
  data::Split split;
  split.validation = data_.validation;
  data::Dataset& train = split.train;
  train.name = data_.train.name;
  train.classes = data_.train.classes;
  train.shape = data_.train.shape;
  train.normalisation = data_.train.normalisation;
  train.manifest_sha256 = data_.train.manifest_sha256;
  for (std::size_t i = 0; i < data_.train.size(); ++i) {
    const double at = sum * static_cast<double>(rng.next() >> 11) * 0x1p-53;
    const auto image =
        std::min(static_cast<std::size_t>(std::upper_bound(until.begin(), until.end(), at) - until.begin()),
                 until.size() - 1);
    const auto pixels = data_.train.image(image);
    train.pixels.insert(train.pixels.end(), pixels.begin(), pixels.end());
    train.labels.push_back(data_.train.labels[image]);
  }
  return split;
}

checkpoint::Archive EnsembleTrainer::with_members(checkpoint::Archive archive) const {
  for (std::size_t k = 0; k < done_.size(); ++k) {
    for (const auto& [name, array] : done_[k].arrays) {
      archive.arrays[member_prefix(k) + name] = array;
    }
  }
  archive.metadata[kVotes] = canonical_dump(votes_);
  archive.arrays[kImageWeights] =
      checkpoint::make_array<double>({static_cast<std::int64_t>(image_weights_.size())}, image_weights_);
  return archive;
}

void EnsembleTrainer::learn_from(const checkpoint::Archive& teacher, const std::string& sha256) {
  Trainer(recipe_, data_).learn_from(teacher, sha256);  // throws what is wrong with it
  teacher_ = teacher;
  teacher_sha256_ = sha256;
}

void EnsembleTrainer::resume(const checkpoint::Archive& archive) {
  const auto votes = archive.metadata.find(kVotes);
  if (votes == archive.metadata.end() || archive.arrays.count(kImageWeights) == 0) {
    throw input_error(archive.origin + ": is not of an interrupted ensemble of networks",
                      "bin-ensemble train writes such checkpoints while it trains bagging or boosting");
  }
  votes_ =
      json_as<std::vector<double>>(parse_json(votes->second, archive.origin), archive.origin + ": votes");
  const auto weights = archive.values<double>(kImageWeights);
  if (votes_.size() >= static_cast<std::size_t>(recipe_.members) || weights.size() != image_weights_.size() ||
      !std::all_of(weights.begin(), weights.end(), [](double w) { return w >= 0 && w <= 1; }) ||
      !std::all_of(votes_.begin(), votes_.end(), [](double vote) { return vote >= 0; })) {
    throw input_error(archive.origin + ": was interrupted with another ensemble or other training images",
                      "--resume continues the same run");
  }
  image_weights_ = weights;
  under_way_ = archive;
  done_.assign(votes_.size(), {});
  for (std::size_t k = 0; k < done_.size(); ++k) {
    const std::string prefix = member_prefix(k);
    for (const auto& [name, array] : archive.arrays) {
      if (name.rfind(prefix, 0) == 0) {
        done_[k].arrays[name.substr(prefix.size())] = array;
        under_way_.arrays.erase(name);
      }
    }
    done_[k].origin = archive.origin;
    nested::Model member(graph_for(recipe_, data_.train), 1, 0);
    read_tensors(done_[k], {}, member);  // throws if a tensor is missing or has another shape
  }
  const data::Split sample = sample_for(done_.size());
  Trainer trainer(member_recipe(done_.size()), sample);
  teach(trainer);
  trainer.resume(under_way_);  // throws what is wrong with it
}

double EnsembleTrainer::vote_of(Trainer& trainer) {
  if (recipe_.ensemble == "bagging") {
    return 1.0;
  }
  const std::vector<bool> wrong = wrong_answers(trainer.model(), data_.train);
  double error = 0;
  for (std::size_t i = 0; i < wrong.size(); ++i) {
    error += wrong[i] ? image_weights_[i] : 0.0;
  }
  const auto classes = static_cast<double>(data_.train.classes.size());
  const double least = 0.5 / static_cast<double>(wrong.size());  // no vote is infinite
  error = std::clamp(error, least, 1.0 - least);
  const double vote = std::log((1.0 - error) / error) + std::log(classes - 1.0);
  if (!(vote >
        0)) {  // no better than chance: SAMME would turn it round; it has no say, and weights begin anew
    std::fill(image_weights_.begin(), image_weights_.end(), 1.0 / static_cast<double>(wrong.size()));
    return 0.0;
  }
  double sum = 0;
  for (std::size_t i = 0; i < wrong.size(); ++i) {
    image_weights_[i] *= wrong[i] ? std::exp(vote) : 1.0;
    sum += image_weights_[i];
  }
  for (double& weight : image_weights_) {
    weight /= sum;
  }
  return vote;
}

bool EnsembleTrainer::run(const EnsembleObservers& observers) {
  while (done_.size() < static_cast<std::size_t>(recipe_.members)) {
    const data::Split sample = sample_for(done_.size());
    Trainer trainer(member_recipe(done_.size()), sample);
    teach(trainer);
    if (!under_way_.arrays.empty()) {
      trainer.resume(under_way_);
      under_way_ = {};
    } else if (!done_.empty() && observers.member.save_resumable) {
      observers.member.save_resumable(with_members(trainer.resumable()));
    }
    Observers watching = observers.member;
    const auto member = static_cast<int>(done_.size()) + 1;
    if (watching.on_step) {
      watching.on_step = [&](StepReport at) {
        at.images_done += (member - 1) * at.images_total;
        at.images_total *= recipe_.members;
        observers.member.on_step(at);
      };
    }
    if (watching.on_epoch) {
      watching.on_epoch = [&](EpochRecord epoch) {
        epoch.member = member;
        observers.member.on_epoch(epoch);
      };
    }
    if (watching.save_resumable) {
      watching.save_resumable = [&](const checkpoint::Archive& archive) {
        observers.member.save_resumable(with_members(archive));
      };
    }
    if (!trainer.run(watching)) {
      return false;
    }
    votes_.push_back(vote_of(trainer));
    done_.push_back(trainer.finished());
    if (observers.on_member) {
      observers.on_member(member, votes_.back());
    }
  }
  return true;
}

checkpoint::Archive EnsembleTrainer::finished() const {
  const nn::Graph member = graph_for(recipe_, data_.train);
  RunState state(recipe_, side_by_side());
  state.teacher_sha256 = teacher_sha256_;
  const std::string classifier = member.layers.back().name;
  const auto classes = static_cast<std::int64_t>(data_.train.classes.size());
  const double largest = *std::max_element(votes_.begin(), votes_.end());
  // Who has no vote keeps scores of its own, so small that they do not count.
  const auto weight_of = [&](double vote) { return largest > 0 ? std::max(vote, 1e-6 * largest) : 1.0; };
  double votes = 0;
  for (const double vote : votes_) votes += weight_of(vote);
  nn::Network& network = state.model.network();
  Tensor& weight = network.parameter(classifier + ".weight").value;
  Tensor biases({static_cast<std::int64_t>(done_.size()), classes});
  const std::int64_t row = weight.shape()[1], own = row / static_cast<std::int64_t>(done_.size());
  for (std::size_t k = 0; k < done_.size(); ++k) {
    const std::string prefix = "member" + std::to_string(k + 1) + ".";
    const auto load = [&](auto& items) {
      for (auto& item : items) {
        if (item.name.rfind(prefix, 0) == 0) {
          item.value = done_[k].tensor(item.name.substr(prefix.size()));
        }
      }
    };
    load(network.parameters());
    load(network.buffers());
    const auto share = static_cast<float>(weight_of(votes_[k]) / votes);
    const Tensor theirs = done_[k].tensor(classifier + ".weight");
    for (std::int64_t c = 0; c < classes; ++c) {
      for (std::int64_t i = 0; i < own; ++i) {
        weight[c * row + static_cast<std::int64_t>(k) * own + i] = share * theirs[c * own + i];
      }
    }
    if (member.layers.back().bias) {
      const Tensor bias = done_[k].tensor(classifier + ".bias");
      Tensor& total = network.parameter(classifier + ".bias").value;
      for (std::int64_t c = 0; c < classes; ++c) {
        const float part = share * bias[c];
        biases[static_cast<std::int64_t>(k) * classes + c] = part;
        total[c] = k == 0 ? part : total[c] + part;
      }
    }
  }
  checkpoint::Archive archive = model_archive(state, recipe_, data_.train.manifest_sha256);
  archive.arrays["ensemble.bias"] = checkpoint::make_array(biases);
  archive.metadata[kVotes] = canonical_dump(votes_);
  return archive;
}

}  // namespace ns::train
