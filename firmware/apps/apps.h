// The commands of the firmware, named on its command line.
#pragma once

#include "firmware/boards/board.h"
#include "nsrt/detect.h"
#include "nsrt/nsrt.h"

namespace app {

/// Exit statuses; lib/ns/deploy/emulator_session reads them.
enum Status {
  kDone = 0,
  kDifferent = 1,  ///< a self-test's bytes are not the expected ones
  kUsage = 2,
  kRefused = 3,    ///< the model is not valid, or does not fit
  kFileError = 4,  ///< a file of the computer cannot be opened, read or written
};

int check();     ///< validates the model in flash and runs its own test vector
int infer();     ///< runs one subnet over a file of inputs
int adapt();     ///< runs a list of stages until a rule says stop, over a file of inputs
int speed();     ///< counts the instructions of every operator of every subnet
int selftest();  ///< the kernels' transcript; needs no model

/// Validates the model in flash. On failure prints "refused status=… offset=… index=…: text" and returns
/// false.
bool open_model(nsrt_model* model);
/// Same line for a failure after validation, e.g. an arena that is too small.
int refuse(nsrt_status status, std::uint32_t offset = 0, std::uint32_t index = 0);

/// Decimal number; false for anything else and for numbers of more than nine digits.
bool parse_number(const char* word, std::uint32_t* number);

}  // namespace app
