// Gated convolution: gathers what has to be computed, computes it densely into the first output planes, and
// moves these to their places.
#include <cstring>

#include "kernels/gate.h"
#include "kernels/m7/conv_planned.h"
#include "kernels/m7/gated_plan.h"
#include "kernels/m7/m7.h"

namespace nsrt::m7 {
namespace {

std::uint32_t word_at(const std::int8_t* from) {
  std::uint32_t word;
  std::memcpy(&word, from, 4);
  return word;
}
void put_word(std::int8_t* to, std::uint32_t word) {
  std::memcpy(to, &word, 4);
}

bool constant(const std::int8_t* plane, std::int8_t value, std::uint32_t bytes) {
  const std::uint32_t word = 0x01010101u * static_cast<std::uint8_t>(value);
  for (; bytes >= 4; bytes -= 4, plane += 4) {
    if (word_at(plane) != word) return false;
  }
  for (; bytes != 0; --bytes) {
    if (*plane++ != value) return false;
  }
  return true;
}

// The taps of one channel in a row of quads, two of them in each: the second lies a byte behind the first, or
// three where the first is a quad's second position.
struct ChannelTaps {
  std::uint32_t at, second;
};
ChannelTaps taps_of(std::uint32_t channel, std::uint32_t taps) {
  const std::uint32_t position = channel / 2 * taps;
  return {position / 2 * 4 + position % 2 + channel % 2 * 2, position % 2 == 0 ? 1u : 3u};
}

void copy_taps(std::int8_t* to, ChannelTaps target, const std::int8_t* from, ChannelTaps source,
               std::uint32_t taps) {
  to += target.at;
  from += source.at;
  for (; taps >= 2; taps -= 2, to += 4, from += 4) {
    to[0] = from[0];
    to[target.second] = from[source.second];
  }
  if (taps != 0) *to = *from;
}

std::int32_t sum_taps(const std::int8_t* from, ChannelTaps source, std::uint32_t taps) {
  std::int32_t sum = 0;
  from += source.at;
  for (; taps >= 2; taps -= 2, from += 4) sum += from[0] + from[source.second];
  return taps != 0 ? sum + *from : sum;
}

class Gather {
 public:
  Gather(const Window& w, const Requant& requant, const Gate& gate, std::uint8_t* scratch)
      : w_(w),
        requant_(requant),
        gate_(gate),
        plane_bytes_(std::uint32_t{w.ih} * w.iw),
        taps_(std::uint32_t{w.kh} * w.kw) {
    const GatedLayout l = lay_out_gated(w);
    rows_ = reinterpret_cast<RequantRow*>(scratch + l.rows_at);
    winners_ = reinterpret_cast<std::uint16_t*>(scratch + l.winners_at);
    channels_ = reinterpret_cast<std::uint16_t*>(scratch + l.channels_at);
    weights_ = reinterpret_cast<std::int8_t*>(scratch + l.weights_at);
    planes_ = reinterpret_cast<std::int8_t*>(scratch + l.planes_at);
    kernel_scratch_ = scratch + l.kernel_at;
    list_winners(gate, w.co, winners_);
  }

  void run(const std::int8_t* weights, const std::int8_t* in, std::int8_t* out) {
    const std::int8_t* planes = choose_channels(in);
    const std::int8_t* kept = gather_rows(weights);
    Plan plan = plan_gathered(w_, count_);
    plan.w.co = gate_.winners;
    conv_planned(plan, kept, {requant_.input_zero_point, requant_.output_zero_point, rows_}, planes, out,
                 kernel_scratch_);
    spread(out);
  }

 private:
  // Those with anything but the zero point, and as many of the others as make a number that is planned for.
  const std::int8_t* choose_channels(const std::int8_t* in) {
    std::uint32_t live = 0;
    for (std::uint32_t c = 0; c < w_.ci; ++c) {
      const bool dead = constant(in + c * plane_bytes_, requant_.input_zero_point, plane_bytes_);
      channels_[c] = dead ? 0 : 1;
      live += dead ? 0u : 1u;
    }
    std::uint32_t step = 1;
    while (gathered_channels(w_.ci, step) < live) ++step;
    count_ = gathered_channels(w_.ci, step);
    if (!worth_gathering()) count_ = w_.ci;
    std::uint32_t spare = count_ - live, taken = 0;
    for (std::uint32_t c = 0; c < w_.ci; ++c) {
      if (channels_[c] == 0) {
        if (spare == 0) continue;
        --spare;
        channels_[c] = 1;
      }
      if (count_ < w_.ci) std::memcpy(planes_ + taken++ * plane_bytes_, in + c * plane_bytes_, plane_bytes_);
    }
    return count_ < w_.ci ? planes_ : in;
  }

  // A weight takes about six instructions to gather and three to leave out, and a multiplication nearly one.
  bool worth_gathering() const {
    const std::uint32_t dead = w_.ci - count_;
    return dead * w_.oh * w_.ow > 6 * count_ + 3 * dead;
  }

  // The winners' rows in front of each other; of the weights, too, unless all are used where they are.
  const std::int8_t* gather_rows(const std::int8_t* weights) {
    const std::uint32_t row_bytes = quad_row_bytes(w_);
    Window narrow = w_;
    narrow.ci = static_cast<std::uint16_t>(count_);
    const std::uint32_t gathered_bytes = quad_row_bytes(narrow);
    const bool all = count_ == w_.ci;
    std::int8_t* to = weights_;
    for (std::uint32_t i = 0; i < gate_.winners; ++i, to += gathered_bytes) {
      const std::uint32_t channel = winners_[i];
      const std::int8_t* from = weights + channel * row_bytes;
      const RequantRow& row = requant_.rows[channel];
      std::int32_t bias = row.bias;
      if (!all) {
        bias += requant_.input_zero_point * gather_row(from, to, gathered_bytes);
      } else if (gate_.winners < w_.co) {
        std::memcpy(to, from, row_bytes);
      }
      rows_[i] = {gated_multiplier(row.multiplier, gate_.saliency[channel]), bias};
    }
    return all && gate_.winners == w_.co ? weights : weights_;
  }

  // Returns the sum of the weights that are left out: they meet nothing but the zero point.
  std::int32_t gather_row(const std::int8_t* from, std::int8_t* to, std::uint32_t bytes) const {
    put_word(to + bytes - 4, 0);  // the last quad may hold but one position
    std::int32_t left_out = 0;
    std::uint32_t next = 0;
    for (std::uint32_t c = 0; c < w_.ci; ++c) {
      if (channels_[c] != 0) {
        copy_taps(to, taps_of(next++, taps_), from, taps_of(c, taps_), taps_);
      } else {
        left_out += sum_taps(from, taps_of(c, taps_), taps_);
      }
    }
    return left_out;
  }

  // From the last plane on: none moves down, and the places behind are free.
  void spread(std::int8_t* out) const {
    const std::uint32_t bytes = std::uint32_t{w_.oh} * w_.ow;
    std::uint32_t winner = gate_.winners;
    for (std::uint32_t c = w_.co; c-- > 0;) {
      if (winner == 0 || winners_[winner - 1] != c) {
        std::memset(out + c * bytes, requant_.output_zero_point, bytes);
      } else if (--winner != c) {
        std::memcpy(out + c * bytes, out + winner * bytes, bytes);
      }
    }
  }

  const Window& w_;
  const Requant& requant_;
  const Gate& gate_;
  const std::uint32_t plane_bytes_, taps_;
  std::uint32_t count_ = 0;  // of gathered input channels
  RequantRow* rows_;
  std::uint16_t *winners_, *channels_;  // channels_: 1 where an input channel is taken
  std::int8_t *weights_, *planes_;
  std::uint8_t* kernel_scratch_;
};

}  // namespace

void conv_gated_s8(const Window& w, const std::int8_t* weights, const Requant& requant, const Gate& gate,
                   const std::int8_t* in, std::int8_t* out, void* scratch) {
  Gather(w, requant, gate, static_cast<std::uint8_t*>(scratch)).run(weights, in, out);
}

}  // namespace nsrt::m7
