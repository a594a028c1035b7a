// What runs packed models, wherever it runs: the same inputs give the same bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ns/deploy/packed_model.h"

namespace ns::deploy {

/// Inputs for one subnet. `inputs` holds whole input tensors, planar int8, one after the other
/// (planar_input.h).
struct Batch {
  unsigned network = 0;
  unsigned subnet = 1;  ///< 1…N
  std::span<const std::int8_t> inputs;
  std::size_t traced = 0;  ///< the first `traced` images also give a checksum per operator
};

struct Outputs {
  std::size_t images = 0, output_bytes = 0, operators = 0;
  std::vector<std::uint8_t> bytes;       ///< images × output_bytes (PackedModel::answer_bytes)
  std::vector<std::uint32_t> checksums;  ///< traced × operators: CRC-32 of every operator's output

  std::span<const std::uint8_t> output(std::size_t image) const {
    return std::span(bytes).subspan(image * output_bytes, output_bytes);
  }
  std::size_t traced() const { return operators == 0 ? 0 : checksums.size() / operators; }
  std::span<const std::uint32_t> trace(std::size_t image) const {
    return std::span(checksums).subspan(image * operators, operators);
  }
  /// int16 outputs: the index of the largest logit of every image, the lowest of equals.
  std::vector<unsigned> predictions() const;
};

/// Called now and then, from the thread that called run(), with the number of finished images. What it throws
/// ends the run: no thread, process or file of it remains.
using Progress = std::function<void(std::size_t finished)>;

class Engine {
 public:
  virtual ~Engine() = default;
  virtual const PackedModel& model() const = 0;
  /// Throws Error(kUsage) for a subnet that does not exist, Error(kInternal) if inputs is not a whole number
  /// of tensors.
  virtual Outputs run(const Batch& batch, const Progress& progress = {}) = 0;
};

/// Number of images of a batch, checked as Engine::run promises.
std::size_t image_count(const PackedModel& model, const Batch& batch);

/// Where two engines first disagree; op is empty if the traced operators agree (or there are none) and the
/// outputs do not.
struct Difference {
  std::size_t image = 0;
  std::optional<unsigned> op;
};
/// Both must come from the same batch.
std::optional<Difference> first_difference(const Outputs& a, const Outputs& b);

}  // namespace ns::deploy
