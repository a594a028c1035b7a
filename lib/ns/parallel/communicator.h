// Processes that train one model together, each on its share of every batch.
#pragma once

#include <span>

#include "ns/base/error.h"

namespace ns::parallel {

/// Another process of the job has ended or cannot be reached any more.
class ProcessLost : public Error {
 public:
  explicit ProcessLost(const std::string& message) : Error(ErrorKind::kEnvironment, message) {}
};

/// How the processes add up. All of them make the same calls in the same order, with equally many values.
class Communicator {
 public:
  virtual ~Communicator() = default;
  virtual int rank() const = 0;  ///< 0 … size() - 1; process 0 alone writes and prints
  virtual int size() const = 0;
  /// The values become their sums over all processes, the same bytes in each. Throws ProcessLost.
  virtual void sum(std::span<float> values) = 0;
  virtual void sum(std::span<double> values) = 0;

  bool alone() const { return size() == 1; }
  bool leads() const { return rank() == 0; }
};

/// This process alone: the sums are the values.
Communicator& single_process();

/// Whether any process says so.
bool any_of(Communicator& group, bool here);

}  // namespace ns::parallel
