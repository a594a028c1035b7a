// Rice-coded records to the entries of a two-pixel row (rice.S).
#pragma once

#include "kernels/m7/control.h"

namespace nsrt::m7 {

/// Where decoding stands in a row.
struct RiceRow {
  ScalarEntry* to;  ///< entries are written below it
  const std::uint16_t*
      tap;               ///< word offset of the position before; at the begin of a level one in front of all
  std::uint32_t origin;  ///< address of word 0 of the strip's first plane
  std::uint32_t plane_bytes;
  std::int32_t weight_sum;
};

/// Where decoding stands in a level. The first three are RiceGaps' (kernels/rice.h).
struct RiceStream {
  std::uint32_t buffer;
  std::int32_t spare;
  const std::uint16_t* next;
  std::uint32_t k;
  const std::int8_t* values;
};
#ifdef __arm__
static_assert(offsetof(RiceRow, weight_sum) == 16 && offsetof(RiceStream, values) == 16);
#endif

extern "C" {
/// How records with blocks of 1, 2, 4 go on after their first weight.
extern const char nsrt_m7_rice_1[], nsrt_m7_rice_2[], nsrt_m7_rice_4[];
/// Decodes some records, at least one, all of one row and level; `block` is one of those.
void nsrt_m7_rice(RiceRow*, RiceStream*, std::uint32_t records, const void* block);
}

}  // namespace nsrt::m7
