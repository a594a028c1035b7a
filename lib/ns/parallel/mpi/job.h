// The processes that mpirun started (MPI 3). Only in builds that found MPI, in a library of its own, so that
// no other program needs MPI to run.
#pragma once

#include <functional>

#include "ns/parallel/communicator.h"

namespace ns::parallel {

/// One per program. MPI cannot tell when a process has died, but mpirun then asks the others to stop.
class MpiJob : public Communicator {
 public:
  /// Joins the job. `asked_to_stop` is polled while waiting for others: when it stays true for kPatience and
  /// they do not come, they are taken for lost. Throws Error(kEnvironment).
  explicit MpiJob(std::function<bool()> asked_to_stop);

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  void sum(std::span<float> values) override;
  void sum(std::span<double> values) override;

  /// Leaves the job, together with all others. A process that ends without it makes mpirun end the job.
  void finish();

 private:
  template <class T>
  void sum_over_all(std::span<T> values);

  std::function<bool()> asked_to_stop_;
  int rank_ = 0, size_ = 1;
};

}  // namespace ns::parallel
