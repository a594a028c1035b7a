// Compares the target's kernels with the reference kernels on every shared case. Status 1 if any differs.
#include "firmware/apps/text.h"
#include "firmware/boards/board.h"
#include "selftest/transcript.h"

namespace {

constexpr std::uint32_t kMostCases = 2048;
std::uint32_t reference_crc[kMostCases];
std::uint32_t at, different;

}  // namespace

int main(int argc, char** argv) {
  board::init(argc, argv);
  auto& buffers = *reinterpret_cast<nsrt::selftest::CaseBuffers*>(board::arena().data);
  nsrt::selftest::run_transcript(
      nsrt::reference_kernels(), buffers,
      [](void*, const char*, std::uint32_t crc) { reference_crc[at++ % kMostCases] = crc; }, nullptr);
  at = 0;
  nsrt::selftest::run_transcript(
      nsrt::fast_kernels(), buffers,
      [](void*, const char* id, std::uint32_t crc) {
        if (crc == reference_crc[at++ % kMostCases]) return;
        ++different;
        app::Line() << "differs: " << id << ": " << app::Hex{crc} << "\n";
      },
      nullptr);
  app::Line() << at << " cases, " << different << " differ from the reference kernels\n";
  board::exit(different == 0 ? 0 : 1);
}
