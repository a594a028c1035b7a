#include "ns/augment/corruption.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "ns/augment/intensity.h"
#include "ns/augment/jpeg.h"
#include "ns/augment/resample.h"
#include "ns/augment/transform.h"
#include "ns/base/error.h"
#include "ns/base/nearest.h"
#include "ns/base/rng.h"

namespace ns::augment {
namespace {

struct NamedStrengths {
  const char* name;
  std::array<double, 5> strengths;
};

constexpr std::array<NamedStrengths, 7> kEntries{{
    {"gaussian_noise", {0.02, 0.04, 0.06, 0.08, 0.10}},
    {"blur", {0.4, 0.6, 0.8, 1.0, 1.3}},
    {"brightness", {0.05, 0.1, 0.15, 0.2, 0.3}},
    {"contrast", {0.8, 0.65, 0.5, 0.4, 0.3}},
    {"shift", {1, 2, 3, 4, 5}},
    {"rotation", {5, 10, 15, 20, 25}},
    {"jpeg", {80, 60, 40, 25, 15}},
}};

std::uint8_t saturated(double value) {
  return static_cast<std::uint8_t>(std::clamp(std::floor(value + 0.5), 0.0, 255.0));
}

void add_noise(std::span<const std::uint8_t> in, double deviation, Rng& rng, std::span<std::uint8_t> out) {
  std::ranges::transform(
      in, out.begin(), [&](std::uint8_t value) { return saturated(value + 255 * deviation * rng.normal()); });
}

// Separable Gaussian; beyond the border the border pixel counts.
void blur(std::span<const std::uint8_t> in, ImageShape shape, double sigma, std::span<std::uint8_t> out) {
  const int reach = static_cast<int>(std::ceil(3 * sigma));
  std::vector<double> kernel;
  double sum = 0;
  for (int i = -reach; i <= reach; ++i) {
    sum += kernel.emplace_back(std::exp(-i * i / (2 * sigma * sigma)));
  }
  const auto [h, w, c] = shape;
  const auto at = [&, width = w, channels = c](int y, int x, int k) {
    return static_cast<std::size_t>((y * width + x) * channels + k);
  };
  std::vector<double> rows(in.size());
  for (int y = 0; y < h; ++y) {
    for (int x = 0; x < w; ++x) {
      for (int k = 0; k < c; ++k) {
        for (int i = -reach; i <= reach; ++i) {
          rows[at(y, x, k)] +=
              kernel[static_cast<std::size_t>(i + reach)] / sum * in[at(y, std::clamp(x + i, 0, w - 1), k)];
        }
      }
    }
  }
  for (int y = 0; y < h; ++y) {
    for (int x = 0; x < w; ++x) {
      for (int k = 0; k < c; ++k) {
        double value = 0;
        for (int i = -reach; i <= reach; ++i) {
          value +=
              kernel[static_cast<std::size_t>(i + reach)] / sum * rows[at(std::clamp(y + i, 0, h - 1), x, k)];
        }
        out[at(y, x, k)] = saturated(value);
      }
    }
  }
}

}  // namespace

std::string Corruption::name() const {
  return kEntries[static_cast<std::size_t>(kind)].name;
}

double Corruption::strength() const {
  return kEntries[static_cast<std::size_t>(kind)].strengths.at(static_cast<std::size_t>(severity - 1));
}

void Corruption::apply(std::span<const std::uint8_t> in, ImageShape shape, std::uint8_t fill,
                       std::uint64_t seed, std::size_t index, std::span<std::uint8_t> out) const {
  Rng rng(derive_seed(derive_seed(seed, static_cast<std::uint64_t>(kind)), index));
  const double sign = (rng.next() >> 63) != 0 ? 1 : -1;
  switch (kind) {
    case Corruption::Kind::kGaussianNoise:
      return add_noise(in, strength(), rng, out);
    case Corruption::Kind::kBlur:
      return blur(in, shape, strength(), out);
    case Corruption::Kind::kBrightness:
      return brighten(in, sign * strength(), out);
    case Corruption::Kind::kContrast:
      return stretch_contrast(in, strength(), fill, out);
    case Corruption::Kind::kShift: {
      constexpr std::array<std::pair<int, int>, 8> kWays{
          {{0, 1}, {1, 1}, {1, 0}, {1, -1}, {0, -1}, {-1, -1}, {-1, 0}, {-1, 1}}};
      const auto [dy, dx] = kWays[rng.below(kWays.size())];
      const int pixels = static_cast<int>(strength());
      return shift(in, shape, dy * pixels, dx * pixels, fill, out);
    }
    case Corruption::Kind::kRotation:
      return resample(in, shape, turn(shape, sign * strength()), fill, out);
    case Corruption::Kind::kJpeg:
      return jpeg_round_trip(in, shape, static_cast<int>(strength()), out);
  }
}

std::vector<std::string> corruption_names() {
  std::vector<std::string> names;
  for (const NamedStrengths& entry : kEntries) {
    names.emplace_back(entry.name);
  }
  return names;
}

Corruption parse_corruption(const std::string& text) {
  const std::size_t colon = text.find(':');
  const std::string name = text.substr(0, colon);
  const std::vector<std::string> known = corruption_names();
  const auto found = std::ranges::find(known, name);
  if (found == known.end()) {
    throw usage_error("unknown corruption '" + name + "'", nearest_hint(name, known));
  }
  const std::string severity = colon == std::string::npos ? "" : text.substr(colon + 1);
  if (severity.size() != 1 || severity[0] < '1' || severity[0] > '5') {
    throw usage_error("corruption " + text + ": expected a severity from 1 to 5, as in " + name + ":3");
  }
  const Corruption corruption{static_cast<Corruption::Kind>(found - known.begin()), severity[0] - '0'};
  if (corruption.kind == Corruption::Kind::kJpeg && !jpeg_available()) {
    throw usage_error("corruption jpeg: this build has no libjpeg", "install libjpeg-dev and build again");
  }
  return corruption;
}

}  // namespace ns::augment
