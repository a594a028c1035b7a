// Exit status of every tool; each value is in every man page and under a CLI test.
#pragma once

enum ExitCode : int {
  kDone = 0,
  kCheckFailed = 1,  // a requested check failed: --min-accuracy, --max-flash, --verify ...
  kUsage = 2,        // arguments or configuration
  kBadInput = 3,     // an input artifact or data file
  kEnvironment = 4,  // I/O, memory, emulator or board
  kInternal = 5,     // our bug
  kSignal = 128      // + the number of the signal that ended it: 130 SIGINT, 143 SIGTERM
};
