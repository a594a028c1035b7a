#include "ns/data/log_mel.h"

#include "ns/base/error.h"

#ifdef NESTKIT_SOUND
#include <kissfft/kiss_fftr.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <numbers>
#endif

namespace ns::data {

#ifdef NESTKIT_SOUND
namespace {

constexpr int kWindow = 256, kHop = 160, kBins = kWindow / 2 + 1;
constexpr int kFrames = kLogMelShape.h, kBands = kLogMelShape.w;
constexpr double kLowest = 60, kHighest = 3800, kRangeDb = 80;

double mel_of(double hertz) {
  return 2595 * std::log10(1 + hertz / 700);
}
double hertz_of(double mel) {
  return 700 * (std::pow(10, mel / 2595) - 1);
}

using Filters = std::array<std::array<float, kBins>, kBands>;

Filters make_filters() {
  Filters filters{};
  const auto edge = [](int i) {
    const double low = mel_of(kLowest), high = mel_of(kHighest);
    return hertz_of(low + (high - low) * i / (kBands + 1));
  };
  for (int band = 0; band < kBands; ++band) {
    const double left = edge(band), centre = edge(band + 1), right = edge(band + 2);
    for (int bin = 0; bin < kBins; ++bin) {
      const double hertz = static_cast<double>(bin) * kLogMelRate / kWindow;
      const double rise = (hertz - left) / (centre - left), fall = (right - hertz) / (right - centre);
      filters[static_cast<std::size_t>(band)][static_cast<std::size_t>(bin)] =
          static_cast<float>(std::max(0.0, std::min(rise, fall)));
    }
  }
  return filters;
}

struct Free {
  void operator()(kiss_fftr_state* state) const { kiss_fftr_free(state); }
};

}  // namespace

std::vector<std::uint8_t> log_mel(std::span<const float> samples) {
  static const Filters filters = make_filters();
  const std::unique_ptr<kiss_fftr_state, Free> fft(kiss_fftr_alloc(kWindow, 0, nullptr, nullptr));
  if (!fft) throw environment_error("no memory for a Fourier transform");
  std::vector<double> decibels;
  std::array<float, kWindow> frame;
  std::array<kiss_fft_cpx, kBins> spectrum;
  for (int f = 0; f < kFrames; ++f) {
    for (int i = 0; i < kWindow; ++i) {
      const auto at = static_cast<std::size_t>(f * kHop + i);
      const double hann = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * i / kWindow);
      frame[static_cast<std::size_t>(i)] =
          at < samples.size() ? static_cast<float>(samples[at] * hann) : 0.0f;
    }
    kiss_fftr(fft.get(), frame.data(), spectrum.data());
    for (const auto& filter : filters) {
      double energy = 1e-10;
      for (std::size_t bin = 0; bin < kBins; ++bin)
        energy += filter[bin] * (spectrum[bin].r * spectrum[bin].r + spectrum[bin].i * spectrum[bin].i);
      decibels.push_back(10 * std::log10(energy));
    }
  }
  const double loudest = *std::ranges::max_element(decibels);
  std::vector<std::uint8_t> pixels;
  for (const double value : decibels) {
    const double fraction = 1 + std::max(value - loudest, -kRangeDb) / kRangeDb;
    pixels.push_back(static_cast<std::uint8_t>(std::lround(255 * fraction)));
  }
  return pixels;
}
#else
std::vector<std::uint8_t> log_mel(std::span<const float>) {
  throw usage_error("this build has no Fourier transform", "install libkissfft-dev and build again");
}
#endif

}  // namespace ns::data
