// Stochastic gradient descent with momentum.
#pragma once

#include <vector>

#include "ns/nn/network.h"

namespace ns::nn {

struct SgdOptions {
  double momentum = 0.9;
  double weight_decay =
      0.0;  ///< L2, added to the gradient (PyTorch's, not decoupled), where Parameter::decay is set
  bool nesterov = false;
};

/// g = grad + decay * value;  v = momentum * v + g;  value -= rate * (nesterov ? g + momentum * v : v)
class Sgd {
 public:
  /// Keeps a reference: the parameters must outlive the optimizer and stay the same list.
  Sgd(std::vector<Parameter>& parameters, SgdOptions options);

  /// One update from every parameter's grad. Masks are ignored: whoever masks also routes the gradients.
  void step(double learning_rate);

  /// The velocities, "<parameter>.momentum", for checkpoints; restore by assigning to their values.
  std::vector<Buffer>& state() { return velocity_; }
  const std::vector<Buffer>& state() const { return velocity_; }

 private:
  std::vector<Parameter>& parameters_;
  SgdOptions options_;
  std::vector<Buffer> velocity_;
};

}  // namespace ns::nn
