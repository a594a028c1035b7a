// A trainable network: a graph, its parameters, and forward/backward passes on NHWC float32 batches.
#pragma once

#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ns/nn/graph.h"
#include "ns/parallel/communicator.h"
#include "ns/tensor/tensor.h"

namespace ns::nn {

/// A learnable array. Names and layouts are PyTorch's: conv "<layer>.weight" OIHW, depthwise [c,1,kh,kw],
/// linear
/// "<layer>.weight" [units, in], "<layer>.bias", batch-norm "<layer>.weight" (γ) and "<layer>.bias" (β).
/// Binary convolutions have latent weights "<layer>.weight" OIHW within ±1, sign layers "<layer>.shift" [c].
struct Parameter {
  std::string name;
  Tensor value;
  Tensor grad;        ///< d loss / d (value ⊙ mask) of the last backward pass, overwritten by it
  bool decay = true;  ///< weight decay applies (weights yes; biases, batch-norm, latent weights, shifts no)
  const Tensor* mask =
      nullptr;  ///< if set, forward and backward use value ⊙ mask (same shape, 0/1); not owned
  float limit = std::numeric_limits<float>::infinity();  ///< optimizers keep |value| within it
};

/// Running statistics of a batch-norm layer: "<layer>.running_mean", "<layer>.running_var".
struct Buffer {
  std::string name;
  Tensor value;
};

enum class Mode {
  kTrain,
  kEval
};  // kTrain: batch statistics, running statistics updated (momentum 0.1, unbiased var)

/// How convolutions multiply in training. kBfloat16 rounds their inputs, weights and output gradients to 8
/// bits of mantissa and adds the products up in float32 (Kalamkar et al., 2019, arXiv:1905.12322): faster
/// with AVX512_BF16 (bench/train_speed --precision bfloat16). Everything between them, depthwise and linear
/// layers, parameters and the optimiser stay float32.
enum class Precision { kFloat32, kBfloat16 };

/// Whether this processor multiplies bfloat16.
bool has_bfloat16();

/// Which binary parts compute with real values for now (two-stage training): sign layers clip to ±1 instead
/// of stepping, binary convolutions use their centred latent weights.
struct Relaxation {
  bool activations = false, weights = false;
  bool operator==(const Relaxation&) const = default;
};

/// Batch-norm comes in `banks`: independent γ, β and running statistics, one bank per nested subnet. Bank 0
/// carries the plain names; bank b > 0 appends "@b" to the layer part ("stem.bn@2.weight"). Every other
/// parameter is shared.
class Network {
 public:
  /// Allocates and initialises (He-normal fan-out for convolutions, 1 for depthwise ones of one tap, uniform
  /// ±1/√in for linear, γ=1, β=0) from `seed`.
  Network(Graph graph, int banks, std::uint64_t seed);
  ~Network();
  Network(Network&&) noexcept;
  Network& operator=(Network&&) noexcept;

  const Graph& graph() const;
  int banks() const;
  void select_bank(int bank);

  /// x: [n,h,w,c], copied. Returns the graph's first output, of a graph without a list of them the last
  /// layer's: [n, classes] or [n,h,w,c]; valid until the next call. n may vary from call to call.
  const Tensor& forward(const Tensor& x, Mode mode);
  /// Output i of the last forward, in the order of Graph::outputs; valid likewise.
  const Tensor& output(std::size_t i) const;
  /// Gradients of the loss with respect to the outputs of the last kTrain forward, one per output; fills grad
  /// of every parameter used.
  void backward(std::span<const Tensor> output_grads);
  /// Of a graph with one output.
  void backward(const Tensor& output_grad) { backward(std::span(&output_grad, 1)); }

  /// Adds to the gradient of layer i's output in the next backward: a loss may look at inner layers. Not for
  /// a layer that is fused with the ReLU after it. `gradient` has the shape of activation(i).
  void add_gradient(std::size_t layer, Tensor gradient);

  /// Holds for the following forward passes and their backward passes.
  void relax(Relaxation relaxation);

  /// Of kTrain forward passes from now on, and their backward passes; kEval is float32 always. Throws
  /// Error(kEnvironment) for kBfloat16 without has_bfloat16().
  void multiply_in(Precision precision);

  /// From now on every process of `group` passes its share of a batch, all of the same size: the statistics
  /// of batch-norm are those of the whole batch. Gradients of parameters stay those of the own share.
  /// parallel::single_process() ends it; the group must outlive its use.
  void synchronise(parallel::Communicator& group);

  /// Output of layer i (by graph index) after the last forward. In kTrain and kEval, every layer's output is
  /// kept when keep_activations(true) was called; fused or in-place computation must not show.
  void keep_activations(bool keep);
  const Tensor& activation(std::size_t layer) const;

  std::vector<Parameter>& parameters();
  const std::vector<Parameter>& parameters() const;
  std::vector<Buffer>& buffers();
  const std::vector<Buffer>& buffers() const;
  Parameter& parameter(const std::string& name);  ///< throws Error(kInput) naming the nearest name
  Buffer& buffer(const std::string& name);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Threads of the passes that follow in this process; 0: one per core.
void use_threads(int threads);

}  // namespace ns::nn
