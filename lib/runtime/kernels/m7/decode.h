// Weights to the entries of a two-pixel row (decode.S).
#pragma once

#include "kernels/m7/control.h"

namespace nsrt::m7 {

/// Where decoding stands.
struct Cursor {
  ScalarEntry* to;  ///< entries are written below it
  const std::uint8_t* record;
  std::uint32_t position;
  std::int32_t weight_sum;  ///< starts at kWeightSumStart
  const void* taps;         ///< nested CSR: word offsets by position; dense rows: DenseTap
  std::uint32_t origin;     ///< address of word 0 of the strip's first plane
  std::uint32_t plane_bytes;
};

/// A weight of a dense row: where it lies in the row, and the word offset it reads.
struct DenseTap {
  std::uint16_t word, byte;
};

/// What the low lane starts with, 2^23, in units of the 128 that each weight adds to every pixel.
constexpr std::int32_t kWeightSumStart = 1 << 16;

/// A run over output rows.
struct SparseRows {
  Cursor row;  ///< at the begin of a row: `to` the end of the list, weight_sum its start
  const std::uint16_t* counts;
  std::uint32_t subnet_bytes, level_bytes;  ///< of a row's counts: of the levels that are used, and of all
  const RequantRow* requant;
  std::int8_t* out;
  std::uint32_t out_step;
  std::uint32_t capacity;  ///< of the list, in records
  std::uint32_t rows;      ///< left
  Control* control;
  const Tile* tiles;
};
/// The same for rows that keep all of their weights, which fit into the list.
struct DenseRows {
  Cursor row;  ///< of the first row
  std::uint32_t taps, row_bytes, origin_step;
  const RequantRow* requant;
  std::int8_t* out;
  std::uint32_t out_step;
  std::uint32_t unused;
  std::uint32_t rows;  ///< left, at least one
  Control* control;
  const Tile* tiles;
};
#ifdef __arm__
static_assert(offsetof(DenseRows, requant) == 40 && offsetof(DenseRows, rows) == 56);
static_assert(offsetof(SparseRows, counts) == 28 && offsetof(SparseRows, control) == 60 &&
              offsetof(DenseRows, control) == 60);
#endif

extern "C" {
/// How records with blocks of 1, 2, 4 are decoded: no functions to call, the two below enter them.
extern const char nsrt_m7_records_1[], nsrt_m7_records_2[], nsrt_m7_records_4[];
/// Decodes and runs rows; stops where none is left or the next has more records than fit.
void nsrt_m7_sparse_rows(SparseRows*, const void* records, std::uint32_t record_bytes);
/// Decodes `count` records of a level, at least one.
void nsrt_m7_decode(Cursor*, const void* records, std::uint32_t count);
void nsrt_m7_dense_rows(DenseRows*);
/// Decodes some taps of a dense row, at least one.
void nsrt_m7_decode_taps(Cursor*, std::uint32_t count);
}

}  // namespace nsrt::m7
