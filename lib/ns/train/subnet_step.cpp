#include "ns/train/subnet_step.h"

#include <algorithm>

#include "ns/binary/diversity.h"
#include "ns/binary/tentacle.h"

namespace ns::train {

SubnetStep::SubnetStep(nested::Model& model, SubnetStepOptions options, parallel::Communicator& group)
    : model_(model),
      options_(std::move(options)),
      group_(group),
      banks_(nested::banks_of_parameters(model.network())) {
  if (!options_.objective) {
    options_.objective = std::make_shared<ClassificationObjective>(options_.mix);
  }
  if (options_.shared_batch_norm) {
    std::replace(banks_.begin(), banks_.end(), 0, -1);
  }
  for (int subnet = 1; subnet <= static_cast<int>(options_.widths.size()); ++subnet) {
    slices_.emplace_back(model, options_.widths, subnet);
    slices_.back().dense().network().synchronise(group);
    slices_.back().dense().network().multiply_in(options_.precision);
  }
  model.network().multiply_in(options_.precision);
  if (options_.diversity > 0) {
    for (const std::string& name : binary::member_outputs(model.network().graph())) {
      member_outputs_.push_back(static_cast<std::size_t>(model.network().graph().index_of(name)));
    }
    model.network().keep_activations(true);
  }
  for (const nn::Parameter& parameter : model.network().parameters()) {
    totals_.emplace_back(parameter.value.shape());
    if (options_.routing == nested::Routing::kAgree) {
      opposites_.emplace_back(parameter.value.shape());
    }
  }
}

std::vector<double> SubnetStep::run(const data::Batch& batch, bool dense, bool regrow,
                                    const std::vector<Tensor>* teacher) {
  if (dense) {
    std::vector<double> loss{run_dense(batch, teacher)};
    average(loss);
    return loss;
  }
  const int subnets = model_.subnets();
  for (Tensor& total : totals_) {
    total.fill(0.0f);
  }
  for (Tensor& opposite : opposites_) {
    opposite.fill(0.0f);
  }
  std::vector<double> losses(static_cast<std::size_t>(subnets));
  for (int subnet = subnets; subnet >= 1; --subnet) {
    double& loss = losses[static_cast<std::size_t>(subnet - 1)];
    const std::vector<Tensor>* from = subnet == subnets ? teacher : &densest_outputs_;
    const double weight = options_.loss_weights.empty()
                              ? 1.0
                              : options_.loss_weights[static_cast<std::size_t>(subnets - subnet)];
    if (slices_.empty()) {
      model_.select(subnet);
      model_.network().select_bank(bank_of(subnet));
      loss = run_subnet(model_.network(), batch, from, weight);
    } else {
      nested::WidthSlice& slice = slices_[static_cast<std::size_t>(subnet - 1)];
      slice.load();
      loss = run_subnet(slice.dense().network(), batch, from, weight);
      slice.store();
    }
    sum_gradients(bank_of(subnet));
    add_gradients(subnet, subnets, regrow);
  }
  for (std::size_t i = 0; i < totals_.size(); ++i) {
    if (!opposites_.empty() && banks_[i] < 0) {
      nested::keep_agreeing(totals_[i], opposites_[i]);
    }
    model_.network().parameters()[i].grad = totals_[i];
  }
  average(losses);
  return losses;
}

double SubnetStep::run_subnet(nn::Network& network, const data::Batch& batch,
                              const std::vector<Tensor>* teacher, double weight) {
  network.forward(batch.x, nn::Mode::kTrain);
  double loss = options_.objective->loss(network, batch, teacher, gradients_);
  if (teacher != &densest_outputs_ && model_.subnets() > 1) {
    densest_outputs_.resize(gradients_.size());
    for (std::size_t i = 0; i < densest_outputs_.size(); ++i) {
      densest_outputs_[i] = network.output(i);
    }
  }
  if (!member_outputs_.empty()) {
    loss += keep_apart(network);
  }
  backward(network, weight);
  return loss;
}

double SubnetStep::run_dense(const data::Batch& batch, const std::vector<Tensor>* teacher) {
  nn::Network& network = model_.network();
  model_.select(1);
  for (std::size_t i = 0; i < banks_.size(); ++i) {
    if (banks_[i] > 0) {
      network.parameters()[i].grad.fill(0.0f);
    }
  }
  const double loss = run_subnet(network, batch, teacher);
  sum_gradients(0);
  return loss;
}

double SubnetStep::keep_apart(nn::Network& network) {
  std::vector<const Tensor*> features;
  for (const std::size_t layer : member_outputs_) {
    features.push_back(&network.activation(layer));
  }
  std::vector<Tensor> gradients;
  // As in backward: every process has its part of the mean over the whole batch.
  const double loss = binary::similarity_loss(features, options_.diversity / group_.size(), gradients);
  for (std::size_t k = 0; k < member_outputs_.size(); ++k) {
    network.add_gradient(member_outputs_[k], std::move(gradients[k]));
  }
  return loss * group_.size();
}

void SubnetStep::backward(nn::Network& network, double weight) {
  // A loss is the mean over a share, so its part of the mean over the whole batch is 1/processes of it.
  const auto factor = static_cast<float>(weight / group_.size());
  if (factor != 1.0f) {
    for (Tensor& output : gradients_) {
      for (float& gradient : output.values()) {
        gradient *= factor;
      }
    }
  }
  network.backward(gradients_);
}

void SubnetStep::sum_gradients(int bank) {
  if (group_.alone()) {
    return;
  }
  std::vector<nn::Parameter>& parameters = model_.network().parameters();
  const auto each = [&](auto&& visit) {
    for (std::size_t i = 0; i < banks_.size(); ++i) {
      if (banks_[i] < 0 || banks_[i] == bank) visit(parameters[i].grad.values());
    }
  };
  message_.clear();
  each([&](std::span<float> grad) { message_.insert(message_.end(), grad.begin(), grad.end()); });
  group_.sum(std::span(message_));
  auto next = message_.cbegin();
  each([&](std::span<float> grad) {
    std::copy_n(next, grad.size(), grad.begin());
    next += static_cast<std::ptrdiff_t>(grad.size());
  });
}

void SubnetStep::average(std::vector<double>& losses) {
  group_.sum(std::span(losses));
  for (double& loss : losses) {
    loss /= group_.size();
  }
}

void SubnetStep::add_gradients(int subnet, int subnets, bool regrow) {
  const std::vector<nn::Parameter>& parameters = model_.network().parameters();
  for (std::size_t i = 0; i < totals_.size(); ++i) {
    const nn::Parameter& parameter = parameters[i];
    if (banks_[i] >= 0) {
      if (banks_[i] == bank_of(subnet)) {
        totals_[i] = parameter.grad;
      }
      continue;
    }
    const auto map = model_.levels().find(parameter.name);
    const bool mapped = map != model_.levels().end();
    if (options_.routing == nested::Routing::kAgree) {
      nested::add_by_sign(mapped ? &map->second : nullptr, subnet, subnets, regrow, parameter.grad,
                          totals_[i], opposites_[i]);
      continue;
    }
    if (mapped) {
      nested::add_routed(map->second, options_.routing, subnet, regrow, parameter.grad, totals_[i]);
      continue;
    }
    // What no map covers is used by every subnet, like a weight of level 1.
    const float factor = nested::routing_factor(options_.routing, 1, subnet, subnets, regrow);
    for (std::int64_t j = 0; j < totals_[i].size(); ++j) {
      totals_[i][j] += factor * parameter.grad[j];
    }
  }
}

}  // namespace ns::train
