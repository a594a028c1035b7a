#include "ns/parallel/mpi/job.h"

#include <mpi.h>

#include <chrono>
#include <optional>
#include <string>
#include <thread>

namespace ns::parallel {
namespace {

using Clock = std::chrono::steady_clock;

/// mpirun kills a second after it has asked to stop; a checkpoint has to be written until then.
constexpr std::chrono::milliseconds kPatience{300};

void check(int status) {
  if (status == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING] = "";
  int length = 0;
  MPI_Error_string(status, text, &length);
  throw ProcessLost("MPI: " + std::string(text, static_cast<std::size_t>(length)));
}

/// Polls instead of blocking: gives the core away, and can give up.
void wait(MPI_Request request, const std::function<bool()>& asked_to_stop) {
  std::optional<Clock::time_point> asked;
  for (int done = 0;;) {
    check(MPI_Test(&request, &done, MPI_STATUS_IGNORE));
    if (done != 0) return;
    if (asked_to_stop()) {
      if (!asked) asked = Clock::now();
      if (Clock::now() - *asked > kPatience) {
        throw ProcessLost("another process of the job has ended or does not answer");
      }
    }
    std::this_thread::yield();
  }
}

MPI_Datatype type_of(float) {
  return MPI_FLOAT;
}
MPI_Datatype type_of(double) {
  return MPI_DOUBLE;
}

}  // namespace

MpiJob::MpiJob(std::function<bool()> asked_to_stop) : asked_to_stop_(std::move(asked_to_stop)) {
  int provided = 0;
  check(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided));
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  check(MPI_Comm_rank(MPI_COMM_WORLD, &rank_));
  check(MPI_Comm_size(MPI_COMM_WORLD, &size_));
}

// Adds up in one process and sends the result to all: an all-reduce need not give the same bytes everywhere,
// and models that differ in one bit drift apart.
template <class T>
void MpiJob::sum_over_all(std::span<T> values) {
  const auto count = static_cast<int>(values.size());
  const MPI_Datatype type = type_of(T{});
  MPI_Request request{};
  check(MPI_Ireduce(rank_ == 0 ? MPI_IN_PLACE : values.data(), values.data(), count, type, MPI_SUM, 0,
                    MPI_COMM_WORLD, &request));
  wait(request, asked_to_stop_);
  check(MPI_Ibcast(values.data(), count, type, 0, MPI_COMM_WORLD, &request));
  wait(request, asked_to_stop_);
}

void MpiJob::sum(std::span<float> values) {
  sum_over_all(values);
}
void MpiJob::sum(std::span<double> values) {
  sum_over_all(values);
}

void MpiJob::finish() {
  check(MPI_Finalize());
}

}  // namespace ns::parallel
