// The processes that share a training run.
#pragma once

#include <functional>
#include <memory>

#include "ns/parallel/communicator.h"

/// Whether mpirun has started this process. Joining takes time and starts helpers, so only such ones join.
bool started_as_a_group();

/// What mpirun has started, or this process alone.
class Job {
 public:
  /// Throws ns::Error(kUsage) under mpirun in a build without MPI.
  Job();
  ~Job();

  ns::parallel::Communicator& group() { return *group_; }

  /// Runs `body` in process 0, and in the others once it has said ready() there. Errors that are every
  /// process's are told by process 0, the others name their process. Returns the exit status.
  int run(const std::function<int()>& body);
  /// Process 0 has found nothing wrong.
  void ready();

 private:
  int body_elsewhere(const std::function<int()>& body);

  struct Mpi;
  std::unique_ptr<Mpi> mpi_;
  ns::parallel::Communicator* group_ = nullptr;
};
