// Nested sparse convolution: a row's kept weights are decoded once per strip to (weight, address), then every
// tile of the strip takes them at seven instructions for eight multiplications (tiles.S).
#include "kernels/m7/m7.h"
#include "kernels/m7/two_pixels.h"

namespace nsrt::m7 {
namespace {

// Reads the records of one level (docs/format/nsm.md, encoding 3).
template <std::uint32_t kBlock>
class Level {
 public:
  Level(const std::uint16_t* taps, std::uint32_t origin, std::uint32_t plane_bytes)
      : taps_(taps), origin_(origin), plane_bytes_(plane_bytes) {}

  void begin() { tap_ = taps_; }

  // Decodes `count` records to entries below `to`; returns the lowest.
  ScalarEntry* decode(std::uint32_t count, const std::uint8_t*& record, ScalarEntry* to,
                      std::int32_t& weight_sum) {
    const std::uint8_t* from = record;
    const std::uint16_t* tap = tap_;
    std::int32_t sum = weight_sum;
    for (; count > 0; --count) {
      tap += from[0];
      std::uint32_t address = origin_ + *tap * 4u;
      for (std::uint32_t i = 0; i < kBlock; ++i, address += plane_bytes_) {
        const std::int32_t weight = static_cast<std::int8_t>(from[1 + i]);
        sum += weight;
        *--to = {weight * 256, address};
      }
      from += 1 + kBlock;
    }
    record = from;
    tap_ = tap;
    weight_sum = sum;
    return to;
  }

 private:
  const std::uint16_t* const taps_;
  const std::uint32_t origin_, plane_bytes_;
  const std::uint16_t* tap_ = nullptr;
};

template <std::uint32_t kBlock>
void run_rows(Strip& strip, const NestedCsr& csr, const Requant& requant) {
  Level<kBlock> level(strip.taps(), strip.origin, strip.plan.plane_words * 4);
  TwoPixelRow row(strip);
  const std::uint16_t* counts = csr.counts;
  const std::uint8_t* record = csr.records;
  for (std::uint32_t co = 0; co < strip.plan.w.co; ++co, counts += csr.levels) {
    std::uint32_t records = 0, skipped = 0;
    for (std::uint32_t l = 0; l < csr.levels; ++l) (l < csr.subnet ? records : skipped) += counts[l];
    row.begin(records * kBlock);
    ScalarEntry* first = row.end();
    std::uint32_t room = row.capacity() / kBlock;
    std::int32_t weight_sum = 0;
    for (std::uint32_t l = 0; l < csr.subnet; ++l) {
      level.begin();
      for (std::uint32_t left = counts[l]; left > 0;) {
        if (room == 0) {
          row.run(first, weight_sum, requant.rows[co]);
          first = row.end();
          room = row.capacity() / kBlock;
        }
        const std::uint32_t n = least(left, room);
        first = level.decode(n, record, first, weight_sum);
        left -= n;
        room -= n;
      }
    }
    row.run(first, weight_sum, requant.rows[co]);
    record += skipped * (1 + kBlock);
  }
}

}  // namespace

void conv_ncsr_s8(const Window& window, const NestedCsr& csr, const Requant& requant, const std::int8_t* in,
                  std::int8_t* out, void* scratch) {
  const Plan plan = plan_sparse(window, csr.block);
  Strip strip(plan, scratch, stack_pointer());
  strip.control.output_zero_point = requant.output_zero_point;
  strip.write_taps(plan.planes / csr.block, csr.block);
  const Window& w = plan.w;
  while (strip.next()) {
    for (std::uint32_t c = 0; c < w.ci; ++c) {
      const std::int8_t* plane = in + c * w.ih * w.iw;
      std::uint32_t* to = strip.words + c * plan.plane_words;
      for (std::uint32_t y = strip.kept_rows; y < strip.input_rows(); ++y) {
        expand_pixels(plan, strip.x0, strip.distance(), strip.input_row(plane, y), requant.input_zero_point,
                      to + y * plan.row_words);
      }
    }
    strip.aim(out, std::uint32_t{w.oh} * w.ow, strip.distance());
    switch (csr.block) {
      case 1:
        run_rows<1>(strip, csr, requant);
        break;
      case 2:
        run_rows<2>(strip, csr, requant);
        break;
      default:
        run_rows<4>(strip, csr, requant);
    }
  }
}

}  // namespace nsrt::m7
