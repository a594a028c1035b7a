// The steps of a sign layer and what stands for their derivative, for one value.
#pragma once

#include <cmath>

#include "ns/nn/graph.h"

namespace ns::nn {

/// L = 2^bits - 1: a sign layer of b bits has the L + 1 output values (2q - L) / L, q = 0…L, and L steps
/// between them, at x = (2q - 1 - L) / L for q = 1…L.
constexpr int sign_steps(int bits) {
  return (1 << bits) - 1;
}

/// -1 or +1, sign(0) = +1; a NaN stays one.
inline float sign_of(float x) {
  return x >= 0.0f ? 1.0f : x < 0.0f ? -1.0f : x;
}

/// The output value for any number of steps: q = clamp(floor((x + 1)/2 · L + 1/2), 0, L).
inline float sign_level(float x, float steps) {
  const float q = std::floor((x + 1.0f) * 0.5f * steps + 0.5f);
  const float inside = q < 0.0f ? 0.0f : q > steps ? steps : q;
  return (2.0f * inside - steps) / steps;
}

/// 1 inside (-1, 1), else 0.
inline float clipped_slope(float x) {
  return x > -1.0f && x < 1.0f ? 1.0f : 0.0f;
}

/// A hat over every step, 2 at the step and 0 half-way to the next: Bi-Real Net's polynomial (Liu et al.,
/// 2018, eq. 4-5), which has one step, repeated. Its integral over a step is the step's height.
inline float polynomial_slope(float x, float steps) {
  const float place = (x + 1.0f) * 0.5f * steps;             // the step number q is at q - 1/2
  const float from_step = place - std::floor(place) - 0.5f;  // -1/2 … 1/2
  return clipped_slope(x) * (2.0f - 4.0f * std::fabs(from_step));
}

}  // namespace ns::nn
