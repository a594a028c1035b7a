#include "kernels/m7/control.h"

namespace nsrt::m7 {

constexpr TileCode kTwoPixels{nsrt_m7_two_pixels_last, nsrt_m7_two_pixels_reload_last,
                              nsrt_m7_two_pixels_reload, nsrt_m7_two_pixels_entry_bytes, 32};
constexpr TileCode kTwoRows{nsrt_m7_two_rows_last, nsrt_m7_two_rows_reload_last, nsrt_m7_two_rows_reload,
                            nsrt_m7_two_rows_entry_bytes, 32};
static_assert(kTwoPixels.unrolled == 32, "decode.S knows");
static_assert(kMaxEntries <= 2 * kTwoPixels.unrolled);
static_assert(kMaxPairEntries <= 2 * kTwoRows.unrolled);

void TileCode::set_list(Control& c, const void* list, std::uint32_t first, std::uint32_t entries,
                        bool first_part, bool last_part) const {
  const bool twice = entries > unrolled;
  const char* const begin =
      last - (entries - 1 - (twice ? unrolled : 0)) * reinterpret_cast<std::uintptr_t>(entry_bytes);
  c.first = first;
  c.list = list;
  c.code = begin;
  if (!first_part) {
    c.list = &c.first;
    c.code = last_part ? reload_last : reload;
    c.list_then = list;
    c.code_then = begin;
  }
  c.finish = (twice ? kTwice : last_part ? kNothingElse : 0) | (last_part ? 0 : kStoreSums);
}

}  // namespace nsrt::m7
