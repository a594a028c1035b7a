// The emulated Cortex-M7 against outputs that plain Python computed from the documents alone.
#include "firmware_paths.h"
#include "ns/deploy/emulator_session.h"
#include "support/golden_vectors.h"

TEST_CASE("the emulated board returns the golden outputs, operator by operator") {
  const ns::deploy::PackedModel model(golden::path("nsm"));
  ns::deploy::EmulatorSession board(model, emulator());
  CHECK_NOTHROW(board.self_test());
  golden::check(board);
}
