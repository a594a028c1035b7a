// One layer with random weights, nested at three sparsities, ready to run on any set of kernels.
#pragma once

#include <cstdint>

#include "firmware/boards/board.h"
#include "kernels/kernels.h"

namespace app {

enum class LayerKind : std::uint8_t { kConv, kDepthwise, kLinear, kAveragePool, kAdd, kBinary };

struct BenchLayer {
  LayerKind kind;
  nsrt::Window window;  ///< linear: ci inputs, co units; add: ci elements
  bool prunable = false;
  std::uint8_t bits = 1;  ///< binary: of the input's levels, and of the output's; 0 there: int8
  std::uint8_t output_bits = 1;
};

/// Subnet 1…3 of a nested layer, and how many blocks in a thousand each keeps; subnet 0: the dense kernel.
struct Pruning {
  std::uint8_t subnet = 0;
  std::uint8_t block = 2;
  std::uint16_t kept[3] = {100, 250, 500};
};

/// Lays a layer out in `memory`: weights, tables, input, outputs, scratch. Same layer, same bytes.
class BenchBuffers {
 public:
  BenchBuffers(board::Region memory, const BenchLayer& layer, const Pruning& pruning);

  void run(const nsrt::KernelSet& kernels, std::int8_t* out);
  std::int8_t* output() { return output_; }
  std::int8_t* expected() { return expected_; }
  /// The same results, and not a byte outside of output and scratch.
  bool correct() const;
  std::uint64_t kept_macs() const { return macs_; }

 private:
  std::uint8_t* take(std::uint32_t bytes);
  void make_dense_weights(std::uint32_t row_bytes);
  void make_binary_weights();
  void make_nested_weights(std::uint32_t positions);

  board::Region memory_;
  std::uint32_t used_ = 0, seed_ = 1;
  const BenchLayer& layer_;
  Pruning pruning_;
  std::uint32_t in_bytes_, out_bytes_;
  std::uint64_t macs_ = 0;
  nsrt::NestedCsr csr_{};
  std::int8_t* weights_ = nullptr;
  nsrt::RequantRow* rows_;
  std::int16_t* steps_ = nullptr;
  std::int8_t *input_, *second_, *output_, *expected_;
  std::uint8_t *scratch_, *scratch_end_;
};

}  // namespace app
