#include "kernels/m7/expand.h"

#include "kernels/m7/strip.h"

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
      padding_(padding),
      expand_(kind == WordKind::kPixels ? plan.w.sw == 1 ? nsrt_m7_expand_pixels : nsrt_m7_expand_pixels_2
              : plan.w.sw == 1          ? nsrt_m7_expand_channels
                                        : nsrt_m7_expand_channels_2) {}

void Expander::set_column(std::uint32_t x0) {
  x0_ = x0;
  column_ = static_cast<std::int32_t>(x0 * plan_.w.sw) - plan_.w.pad_left;
  regular_ = plan_.w.sw <= kMostPhases;
  for (std::uint32_t phase = 0; regular_ && phase < phases(); ++phase) {
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
  phases_[phase].column = static_cast<std::uint32_t>(column);
  return true;
}

void Expander::aim(const Strip& strip) {
  if (strip.x0 != x0_) set_column(strip.x0);
  const std::int32_t begin = strip.first_new_row(), end = strip.end_row(), height = plan_.w.ih;
  const std::int32_t from = begin < 0 ? (end < 0 ? end : 0) : begin;
  const std::int32_t until = end > height ? (begin > height ? begin : height) : end;
  above_ = static_cast<std::uint32_t>(from - begin);
  inside_ = until > from ? static_cast<std::uint32_t>(until - from) : 0;
  below_ = static_cast<std::uint32_t>(end - from) - inside_;
  first_row_ = static_cast<std::uint32_t>(from);
  to_ = strip.words + strip.kept_rows * plan_.row_words;
  for (std::uint32_t phase = 0; regular_ && phase < phases(); ++phase) {
    Phase& p = phases_[phase];
    p.rows.rows = inside_;
    p.first = first_row_ * plan_.w.iw + p.column;
    p.second = p.first + static_cast<std::uint32_t>(distance_);
    p.to = above_ * plan_.row_words + phase * plan_.phase_words;
  }
}

void Expander::plane(const std::int8_t* first, const std::int8_t* second, std::uint32_t index) {
  std::uint32_t* to = to_ + index * plan_.plane_words;
  if (above_ != 0) fill(above_, to);
  if (below_ != 0) fill(below_, to + (above_ + inside_) * plan_.row_words);
  if (inside_ == 0) return;
  if (!regular_) {
    const std::uint32_t at = first_row_ * plan_.w.iw;
    return any_rows(first + at, second + at, inside_, to + above_ * plan_.row_words);
  }
  for (Phase* p = phases_; p != phases_ + phases(); ++p) {
    p->rows.to = to + p->to;
    p->rows.first = first + p->first;
    p->rows.second = second + p->second;
    expand_(&p->rows);
  }
}

void Expander::fill(std::uint32_t rows, std::uint32_t* to) const {
  const std::uint32_t word = make_word(kind_, padding_, padding_);
  for (std::uint32_t* const end = to + rows * plan_.row_words; to != end;) *to++ = word;
}

// Any stride and any padding, word by word.
void Expander::any_rows(const std::int8_t* first, const std::int8_t* second, std::uint32_t count,
                        std::uint32_t* to) const {
  const std::int32_t width = plan_.w.iw;
  for (; count > 0; --count, first += width, second += width) {
    const auto at = [&](const std::int8_t* row, std::int32_t x) -> std::int32_t {
      return x >= 0 && x < width ? row[x] : padding_;
    };
    for (std::int32_t phase = 0; phase < static_cast<std::int32_t>(phases()); ++phase) {
      std::int32_t column = column_ + phase;
      for (std::uint32_t i = 0; i < plan_.phase_words; ++i, column += plan_.w.sw) {
        *to++ = make_word(kind_, at(first, column), at(second, column + distance_));
      }
    }
  }
}

}  // namespace nsrt::m7
