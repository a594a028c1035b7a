// Files with one fault each, and what the reader must say about them. CRCs are right unless they are the
// fault.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "support/tiny_model.h"

namespace nestkit_test {

// Where the reader must see a fault.
enum class Seen { kThere, kElsewhere };

struct SectionFault {
  std::string what;
  std::function<void(TinyModel&)> change;
  Seen seen = Seen::kThere;
};

struct FileFault {
  std::string what;
  std::function<void(Bytes&)> change;
};

// The reader names the field that was changed: its first byte lies at the change or a few bytes before. A
// section of another size is named by its start, weights and tables by the exact place.
inline bool names_change(TinyModel& changed, const Bytes& file, const nsrt_error& error) {
  TinyModel good(std::min(changed.minor, 1u));
  if (changed.minor == 2) good.cooperate();
  for (unsigned i = 1; i < (get32(file, 24) & 0xFFFF); ++i) {
    const std::string name(file.begin() + 64 + 32 * i, file.begin() + 68 + 32 * i);
    const Bytes &before = good.section(name), &after = changed.section(name);
    if (before == after) continue;
    const std::size_t start = get32(file, 64 + 32 * i + 4);
    if (before.size() != after.size()) return error.offset == start;
    const std::size_t at =
        start + static_cast<std::size_t>(std::mismatch(before.begin(), before.end(), after.begin()).first -
                                         before.begin());
    return error.offset <= at && at < error.offset + 12;
  }
  return false;
}

inline void expect_status(nsrt_status status, const std::vector<SectionFault>& faults, unsigned minor = 0) {
  for (const SectionFault& fault : faults) {
    TinyModel model(std::min(minor, 1u));
    if (minor == 2) model.cooperate();
    fault.change(model);
    const Bytes file = model.file();
    const nsrt_error error = open_error(file);
    CHECK_MESSAGE(error.status == status, fault.what << ": " << nsrt_status_text(error.status) << " at "
                                                     << error.offset << ", index " << error.index);
    if (fault.seen == Seen::kThere) {
      CHECK_MESSAGE(names_change(model, file, error), fault.what << ": seen at " << error.offset);
    }
  }
}

inline void expect_status(nsrt_status status, const std::vector<FileFault>& faults) {
  for (const FileFault& fault : faults) {
    Bytes file = TinyModel().file();
    fault.change(file);
    const nsrt_error error = open_error(file);
    CHECK_MESSAGE(error.status == status, fault.what << ": " << nsrt_status_text(error.status) << " at "
                                                     << error.offset << ", index " << error.index);
  }
}

inline std::function<void(TinyModel&)> set8(const char* section, std::size_t at, unsigned value) {
  return [=](TinyModel& m) { m.section(section).at(at) = static_cast<std::uint8_t>(value); };
}
inline std::function<void(TinyModel&)> set16(const char* section, std::size_t at, unsigned value) {
  return [=](TinyModel& m) { put16(m.section(section), at, value); };
}
inline std::function<void(TinyModel&)> set32(const char* section, std::size_t at, unsigned value) {
  return [=](TinyModel& m) { put32(m.section(section), at, value); };
}
constexpr std::size_t op(unsigned index, unsigned field) {
  return 48 * index + field;
}
constexpr std::size_t tensor(unsigned index, unsigned field) {
  return 16 * index + field;
}
constexpr std::size_t entry(unsigned index, unsigned field) {
  return 64 + 32 * index + field;
}

// Offset of an operator's weights or tables in their section.
inline std::size_t weights_at(TinyModel& m, unsigned index) {
  return get32(m.section("OPER"), op(index, 16));
}
inline std::size_t tables_at(TinyModel& m, unsigned index) {
  return get32(m.section("OPER"), op(index, 24));
}

constexpr std::size_t kCountsBytes = 32;  // of the sparse convolution: 5 rows × 3 levels, filled

// A record of the sparse convolution whose block (channels 2 and 3 of 3) lacks its second channel.
inline std::size_t last_block_record(TinyModel& m) {
  const Bytes& wncs = m.section("WNCS");
  const std::size_t counts = weights_at(m, kSparseConv);
  std::size_t record = counts + kCountsBytes;
  for (unsigned list = 0; list < 15; ++list) {
    unsigned position = 0;
    for (unsigned left = wncs[counts + 2 * list]; left > 0; --left, record += 3) {
      position += wncs[record];
      if (position >= 9) return record;
    }
  }
  FAIL("no such record");
  return 0;
}

inline std::function<void(Bytes&)> header32(std::size_t at, std::uint32_t value) {
  return [=](Bytes& file) {
    put32(file, at, value);
    mend_header(file);
  };
}
inline std::function<void(Bytes&)> table32(std::size_t at, std::uint32_t value) {
  return [=](Bytes& file) {
    put32(file, at, value);
    mend_table(file);
  };
}

}  // namespace nestkit_test
