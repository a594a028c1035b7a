#include "ns/nn/elementwise.h"
#include "ns/nn/layer.h"

namespace ns::nn {
namespace {

class Relu : public LayerPasses {
 public:
  void forward(const ForwardPass& pass) override { relu(*pass.inputs[0], *pass.output); }

  void backward(BackwardPass& pass) override {
    if (pass.wanted[0]) {
      pass.input_grads[0] = relu_gradient(*pass.output, std::move(pass.output_grad), *pass.pool);
    }
  }
};

}  // namespace

std::unique_ptr<LayerPasses> make_relu() {
  return std::make_unique<Relu>();
}

}  // namespace ns::nn
