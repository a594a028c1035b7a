#include "train/job.h"

#include <cstdlib>
#include <optional>
#include <string>

#include "common/exit_code.h"
#include "common/stop_signal.h"
#ifdef NESTKIT_MPI
#include "common/log.h"
#include "ns/parallel/mpi/job.h"
#endif

bool started_as_a_group() {  // or by a PMIx launcher like srun
  return std::getenv("OMPI_COMM_WORLD_SIZE") != nullptr || std::getenv("PMIX_RANK") != nullptr;
}

struct Job::Mpi {
#ifdef NESTKIT_MPI
  ns::parallel::MpiJob job{[] { return stop_signal() != 0; }};
#endif
};

Job::Job() : group_(&ns::parallel::single_process()) {
  if (!started_as_a_group()) return;
#ifdef NESTKIT_MPI
  watch_stop_signals();
  mpi_ = std::make_unique<Mpi>();
  group_ = &mpi_->job;
  if (!group_->leads()) silence_log();
#else
  throw ns::usage_error("this build trains in one process only",
                        "build where MPI is found (Debian: libopenmpi-dev), or start it without mpirun");
#endif
}

Job::~Job() = default;

int Job::run(const std::function<int()>& body) {
  const int status = group_->leads() ? body() : body_elsewhere(body);
#ifdef NESTKIT_MPI
  if (mpi_) mpi_->job.finish();
#endif
  return status;
}

void Job::ready() {
  if (group_->leads()) any_of(*group_, false);  // what the others wait for
}

int Job::body_elsewhere(const std::function<int()>& body) {
  try {
    any_of(*group_, false);
    return body();
  } catch (const ns::parallel::ProcessLost&) {
    std::_Exit(kEnvironment);  // process 0 tells, or was the one that ended
  } catch (const ns::Error& error) {
    if (error.kind() == ns::ErrorKind::kUsage) std::_Exit(kUsage);  // about what all have: process 0 tells
    throw ns::Error(error.kind(),
                    "process " + std::to_string(group_->rank()) + " of " + std::to_string(group_->size()) +
                        ": " + error.what(),
                    error.hint());
  }
}
