// The C++ engine against outputs that plain Python computed from the documents alone.
#include "ns/deploy/host_engine.h"
#include "support/golden_vectors.h"

using namespace ns::deploy;

TEST_CASE("a model written by hand from the format's document opens and passes its self-test") {
  const PackedModel model(golden::path("nsm"));
  CHECK(model.networks() == 3);
  CHECK_NOTHROW(self_test(model));
}

TEST_CASE("the host engine returns the golden outputs, operator by operator") {
  const PackedModel model(golden::path("nsm"));
  HostEngine engine(model);
  golden::check(engine);
}
