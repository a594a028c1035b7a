// selftest reference|fast: the kernels' transcript, one line "case-id crc" per case. The host board prints
// the same bytes.
#include "selftest/transcript.h"

#include <string.h>

#include <new>

#include "firmware/apps/apps.h"
#include "firmware/apps/text.h"

namespace app {
namespace {

void print_case(void*, const char* case_id, std::uint32_t crc) {
  Line() << case_id << " " << Hex{crc} << "\n";
}

}  // namespace

int selftest() {
  const board::Arguments& arguments = board::arguments();
  if (arguments.count != 2) return kUsage;
  const bool fast = strcmp(arguments.word[1], "fast") == 0;
  if (!fast && strcmp(arguments.word[1], "reference") != 0) return kUsage;
  const board::Region arena = board::arena();
  auto* buffers = new (arena.data) nsrt::selftest::CaseBuffers;
  if (sizeof *buffers > arena.bytes) return kRefused;
  nsrt::selftest::run_transcript(fast ? nsrt::fast_kernels() : nsrt::reference_kernels(), *buffers,
                                 print_case, nullptr);
  return kDone;
}

}  // namespace app
