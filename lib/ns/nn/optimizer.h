// Stochastic gradient descent with momentum, and Adam.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <vector>

#include "ns/nn/network.h"

namespace ns::nn {

/// Keeps a reference: the parameters must outlive the optimizer and stay the same list.
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// One update from every parameter's grad, then values beyond a parameter's limit are set to it. Masks are
  /// ignored: whoever masks also routes the gradients.
  virtual void step(double learning_rate) = 0;

  /// What an optimizer remembers, for checkpoints: one or more buffers of every parameter's shape, all of the
  /// first kind in the parameters' order, then all of the second. Restore by assigning to their values.
  std::vector<Buffer>& state() { return state_; }
  const std::vector<Buffer>& state() const { return state_; }

  /// Number of updates done, which restoring must set too.
  std::int64_t steps = 0;

 protected:
  /// Zero buffers "<parameter><suffix>" for every suffix.
  Optimizer(std::vector<Parameter>& parameters, std::initializer_list<const char*> suffixes);

  std::vector<Parameter>& parameters_;
  std::vector<Buffer> state_;
};

struct SgdOptions {
  double momentum = 0.9;
  double weight_decay =
      0.0;  ///< L2, added to the gradient (PyTorch's, not decoupled), where Parameter::decay is set
  bool nesterov = false;
};

/// g = grad + decay * value;  v = momentum * v + g;  value -= rate * (nesterov ? g + momentum * v : v)
/// State: "<parameter>.momentum".
class Sgd : public Optimizer {
 public:
  Sgd(std::vector<Parameter>& parameters, SgdOptions options)
      : Optimizer(parameters, {".momentum"}), options_(options) {}
  void step(double learning_rate) override;

 private:
  SgdOptions options_;
};

struct AdamOptions {
  double beta1 = 0.9, beta2 = 0.999;  ///< decay of the two averages, [0, 1)
  double epsilon = 1e-8;
  double weight_decay = 0.0;  ///< as in SgdOptions
};

/// Kingma and Ba (arXiv 1412.6980, algorithm 1), with g = grad + decay * value:
/// m = β1·m + (1−β1)·g;  v = β2·v + (1−β2)·g²;  value -= rate · m/(1−β1^t) / (√(v/(1−β2^t)) + ε)
/// State: "<parameter>.momentum" (m), "<parameter>.second_moment" (v).
class Adam : public Optimizer {
 public:
  Adam(std::vector<Parameter>& parameters, AdamOptions options)
      : Optimizer(parameters, {".momentum", ".second_moment"}), options_(options) {}
  void step(double learning_rate) override;

 private:
  AdamOptions options_;
};

}  // namespace ns::nn
