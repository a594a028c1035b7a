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
/// Decodes some records with blocks of 1, 2, 4, at least one, all of one row and level.
void nsrt_m7_rice_1(RiceRow*, RiceStream*, std::uint32_t records);
void nsrt_m7_rice_2(RiceRow*, RiceStream*, std::uint32_t records);
void nsrt_m7_rice_4(RiceRow*, RiceStream*, std::uint32_t records);
}

}  // namespace nsrt::m7
