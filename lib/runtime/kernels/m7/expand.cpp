#include "kernels/m7/expand.h"

namespace nsrt::m7 {
namespace {

std::uint32_t make_word(WordKind kind, std::int32_t first, std::int32_t second) {
  const auto a = static_cast<std::uint32_t>(first), b = static_cast<std::uint32_t>(second);
  return kind == WordKind::kPixels ? (a + 128) + (b << 24) : (a & 0xFFFF) | b << 16;
}

// How many of the columns from, from + stride, … lie below `end`, at most `most`.
std::uint32_t columns_below(std::int32_t end, std::int32_t from, std::int32_t stride, std::uint32_t most) {
  if (from >= end) return 0;
  return least(static_cast<std::uint32_t>((end - from + stride - 1) / stride), most);
}

}  // namespace

Expander::Expander(const Plan& plan, WordKind kind, std::uint32_t distance, std::int8_t padding)
    : plan_(plan),
      kind_(kind),
      distance_(static_cast<std::int32_t>(distance * plan.w.sw)),
      padding_(padding) {}

void Expander::set_column(std::uint32_t x0) {
  column_ = static_cast<std::int32_t>(x0 * plan_.w.sw) - plan_.w.pad_left;
  regular_ = plan_.w.sw <= kMostPhases;
  for (std::uint32_t phase = 0; regular_ && phase < least(plan_.w.sw, plan_.w.kw); ++phase) {
    regular_ = set_phase(phase);
  }
}

// False if some word of the phase needs more than a left edge, an inside and a right edge.
bool Expander::set_phase(std::uint32_t phase) {
  const std::int32_t width = plan_.w.iw, stride = plan_.w.sw;
  const std::int32_t first = column_ + static_cast<std::int32_t>(phase), second = first + distance_;
  const std::uint32_t words = plan_.half + (plan_.w.kw - 1u - phase) / plan_.w.sw;
  const std::uint32_t begin =
      columns_below(0, first, stride, words);  // words whose first column is left of 0
  std::uint32_t end =
      columns_below(width, second, stride, words);  // … whose second column is left of the end
  if (kind_ == WordKind::kPixels && (second < 0 || columns_below(width, first, stride, words) < words))
    return false;
  if (end < begin) {
    if (kind_ == WordKind::kPixels) return false;
    end = begin;  // all of the row is padding
  }
  ExpandRows& r = phases_[phase].rows;
  const std::uint32_t inside = end - begin;
  const std::int32_t column = first + static_cast<std::int32_t>(begin) * stride;
  r.left = begin;
  r.groups = inside / 4;
  // Stride 2 reads a byte more than it uses.
  if (stride == 2 && r.groups > 0 && second + static_cast<std::int32_t>(begin + r.groups * 4) * 2 > width)
    --r.groups;
  r.tail = inside - r.groups * 4;
  r.right = words - end;
  r.pad_left =
      kind_ == WordKind::kPixels ? make_word(kind_, padding_, 0) : make_word(kind_, padding_, padding_);
  r.pad_right = kind_ == WordKind::kPixels ? make_word(kind_, -128, padding_) : r.pad_left;
  const std::uint32_t read = inside + (kind_ == WordKind::kPixels ? r.right : 0);
  r.row_step = plan_.w.iw - read * plan_.w.sw;
  r.to_step = (plan_.row_words - words) * 4;
  phases_[phase].offset = static_cast<std::uint32_t>(column);
  return true;
}

void Expander::rows(const std::int8_t* first, const std::int8_t* second, std::int32_t begin, std::int32_t end,
                    std::uint32_t* to) {
  const std::int32_t height = plan_.w.ih;
  const std::int32_t inside = begin < 0 ? (end < 0 ? end : 0) : begin;
  const std::int32_t outside = end > height ? (begin > height ? begin : height) : end;
  to = fill(static_cast<std::uint32_t>(inside - begin), to);
  if (outside > inside) {
    const auto count = static_cast<std::uint32_t>(outside - inside);
    const std::uint32_t at = static_cast<std::uint32_t>(inside) * plan_.w.iw;
    if (regular_) {
      for (std::uint32_t phase = 0; phase < least(plan_.w.sw, plan_.w.kw); ++phase) {
        ExpandRows& r = phases_[phase].rows;
        r.to = to + phase * plan_.phase_words;
        r.first = first + at + phases_[phase].offset;
        r.second = second + at + phases_[phase].offset + static_cast<std::uint32_t>(distance_);
        r.rows = count;
        if (kind_ == WordKind::kPixels) {
          plan_.w.sw == 1 ? nsrt_m7_expand_pixels(&r) : nsrt_m7_expand_pixels_2(&r);
        } else {
          plan_.w.sw == 1 ? nsrt_m7_expand_channels(&r) : nsrt_m7_expand_channels_2(&r);
        }
      }
    } else {
      any_rows(first + at, second + at, count, to);
    }
    to += count * plan_.row_words;
  }
  fill(static_cast<std::uint32_t>(end - outside), to);
}

std::uint32_t* Expander::fill(std::uint32_t rows, std::uint32_t* to) const {
  const std::uint32_t word = make_word(kind_, padding_, padding_);
  for (std::uint32_t* const end = to + rows * plan_.row_words; to != end;) *to++ = word;
  return to;
}

// Any stride and any padding, word by word.
void Expander::any_rows(const std::int8_t* first, const std::int8_t* second, std::uint32_t count,
                        std::uint32_t* to) const {
  const std::int32_t width = plan_.w.iw;
  for (; count > 0; --count, first += width, second += width) {
    const auto at = [&](const std::int8_t* row, std::int32_t x) -> std::int32_t {
      return x >= 0 && x < width ? row[x] : padding_;
    };
    for (std::int32_t phase = 0; phase < static_cast<std::int32_t>(least(plan_.w.sw, plan_.w.kw)); ++phase) {
      std::int32_t column = column_ + phase;
      for (std::uint32_t i = 0; i < plan_.phase_words; ++i, column += plan_.w.sw) {
        *to++ = make_word(kind_, at(first, column), at(second, column + distance_));
      }
    }
  }
}

}  // namespace nsrt::m7
