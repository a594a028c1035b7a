#include <doctest/doctest.h>

#include "support/kernel_cases.h"
#include "support/kernel_levels.h"

TEST_CASE("Every level of the host kernels returns the reference kernels' transcript") {
  const auto reference = nestkit_test::transcript_of(nsrt::reference_kernels());
  for (const auto& level : ns::testing::kernel_levels()) {
    const auto found = nestkit_test::transcript_of(*level.kernels);
    REQUIRE(found.size() == reference.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      CHECK_MESSAGE(found[i] == reference[i], level.name << ": " << reference[i].first);
    }
  }
}
