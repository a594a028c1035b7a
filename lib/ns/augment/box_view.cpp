#include "ns/augment/box_view.h"

#include <algorithm>

#include "ns/augment/intensity.h"
#include "ns/augment/resample.h"

namespace ns::augment {
namespace {

constexpr float kWholeShare = 0.5f, kLeastShare = 0.1f;

}  // namespace

void BoxView::apply(std::span<const std::uint8_t> in, ImageShape shape, std::uint8_t fill,
                    std::span<std::uint8_t> out) const {
  if (window == detect::Box{0, 0, 1, 1} && !flip_x && !flip_y) {
    std::ranges::copy(in, out.begin());
  } else {
    // The centre of output pixel y is source pixel (low + (y + 0.5) / h · side) · h − 0.5, from the other end
    // when mirrored.
    const auto axis = [](double low, double high, bool flip, int extent) {
      const double step = flip ? low - high : high - low;
      return std::pair((flip ? high : low) * extent + step / 2 - 0.5, step);
    };
    const auto [y0, yy] = axis(double{window.y0}, double{window.y1}, flip_y, shape.h);
    const auto [x0, xx] = axis(double{window.x0}, double{window.x1}, flip_x, shape.w);
    resample(in, shape, {y0, yy, 0, x0, 0, xx}, fill, out);
  }
  if (contrast != 1.0) stretch_contrast(out, contrast, fill, out);
  if (brightness != 0.0) brighten(out, brightness, out);
}

std::optional<detect::Truth> BoxView::apply(const detect::Truth& truth) const {
  const detect::Box visible = clipped(truth.box, window);
  const float share = visible.area() / truth.box.area();
  if (!(share >= kLeastShare)) return std::nullopt;
  const float w = window.width(), h = window.height();
  detect::Box box{(visible.x0 - window.x0) / w, (visible.y0 - window.y0) / h, (visible.x1 - window.x0) / w,
                  (visible.y1 - window.y0) / h};
  if (flip_x) box = {1 - box.x1, box.y0, 1 - box.x0, box.y1};
  if (flip_y) box = {box.x0, 1 - box.y1, box.x1, 1 - box.y0};
  box = clipped(box);
  if (!(box.area() > 0)) return std::nullopt;
  return detect::Truth{truth.image, truth.label, box, truth.difficult || share < kWholeShare};
}

BoxView BoxAugment::draw(Rng& rng) const {
  const auto coin = [&] { return (rng.next() >> 63) != 0; };
  const auto between = [&](double low, double high) { return low + (high - low) * double{rng.uniform()}; };
  BoxView view;
  view.flip_x = coin() && horizontal_flip;
  view.flip_y = coin() && vertical_flip;
  const bool other_window = coin();
  const double side = between(smallest_window, largest_window);
  const double left = between(0, 1 - side), top = between(0, 1 - side);
  if (other_window && side != 1) {
    view.window = {static_cast<float>(left), static_cast<float>(top), static_cast<float>(left + side),
                   static_cast<float>(top + side)};
  }
  const double brightness = between(-colour_jitter / 2, colour_jitter / 2);
  const double contrast = between(1 - colour_jitter, 1 + colour_jitter);
  if (colour_jitter > 0) {
    view.brightness = brightness;
    view.contrast = contrast;
  }
  return view;
}

}  // namespace ns::augment
