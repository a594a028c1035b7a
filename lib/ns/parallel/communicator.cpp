#include "ns/parallel/communicator.h"

namespace ns::parallel {
namespace {

class SingleProcess : public Communicator {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  void sum(std::span<float>) override {}
  void sum(std::span<double>) override {}
};

}  // namespace

Communicator& single_process() {
  static SingleProcess process;
  return process;
}

bool any_of(Communicator& group, bool here) {
  double count = here ? 1.0 : 0.0;
  group.sum(std::span(&count, 1));
  return count > 0.0;
}

}  // namespace ns::parallel
