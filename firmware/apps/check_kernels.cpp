// Compares the target's kernels with the reference kernels on random layers that are large enough to be cut
// into strips, which the transcript's cases (selftest) are not. Words: how many layers (300), their first
// seed (1). Status 1 if any result differs.
#include "firmware/apps/bench_layer.h"
#include "firmware/apps/text.h"
#include "firmware/boards/board.h"

namespace {

// A layer whose reference result takes at most a few million instructions.
app::BenchLayer random_layer(std::uint32_t seed, app::Pruning& pruning) {
  using app::LayerKind;
  const auto draw = [&seed](std::uint32_t least, std::uint32_t most) {
    seed = seed * 1664525 + 1013904223;
    return least + (seed >> 8) % (most - least + 1);
  };
  for (;;) {
    const std::uint32_t kind = draw(0, 9), kernel = draw(0, 3) == 0 ? draw(1, 7) : draw(0, 1) * 2 + 1;
    const std::uint32_t kw = draw(0, 4) == 0 ? draw(1, 5) : kernel, sh = draw(0, 2) == 0 ? 2 : 1;
    const std::uint32_t sw = draw(0, 9) == 0 ? draw(1, 3) : sh, pad_top = draw(0, kernel - 1) / 2,
                        pad_left = draw(0, kw - 1) / 2;
    const std::uint32_t ih = draw(1, 50), iw = draw(1, draw(0, 3) == 0 ? 130 : 50);
    if (ih + pad_top < kernel || iw + pad_left < kw) continue;
    // Padding below and right: between none and as much as above and left, and one more.
    const std::uint32_t oh = (ih + pad_top - kernel + draw(0, pad_top + (kernel > 1))) / sh + 1;
    const std::uint32_t ow = (iw + pad_left - kw + draw(0, pad_left + (kw > 1))) / sw + 1;
    const std::uint32_t ci = draw(0, 4) == 0 ? draw(1, 4) : draw(1, 80), co = kind >= 8 ? ci : draw(1, 40);
    const std::uint64_t macs = std::uint64_t{oh} * ow * co * (kind >= 8 ? 1 : ci) * kernel * kw;
    if (macs > 300000 || ih * iw * ci > 60000 || oh * ow * co > 60000) continue;
    const auto u16 = [](std::uint32_t n) { return static_cast<std::uint16_t>(n); };
    const auto u8 = [](std::uint32_t n) { return static_cast<std::uint8_t>(n); };
    const std::uint32_t block = draw(0, 2);
    pruning = {u8(kind >= 8 || kind < 3 ? 0 : draw(1, 3)),
               u8(1u << block),
               {100, u16(draw(150, 450)), u16(draw(450, 1000))}};
    return {kind >= 8 ? LayerKind::kDepthwise : LayerKind::kConv,
            {u16(ih), u16(iw), u16(ci), u16(oh), u16(ow), u16(co), u8(kernel), u8(kw), u8(sh), u8(sw),
             u8(pad_top), u8(pad_left)},
            false};
  }
}

/// Returns how many differ.
std::uint32_t check_layers(std::uint32_t count, std::uint32_t first_seed) {
  std::uint32_t different = 0;
  for (std::uint32_t seed = first_seed; seed < first_seed + count; ++seed) {
    app::Pruning pruning;
    const app::BenchLayer layer = random_layer(seed, pruning);
    app::BenchBuffers buffers(board::arena(), layer, pruning);
    buffers.run(nsrt::reference_kernels(), buffers.expected());
    buffers.run(nsrt::fast_kernels(), buffers.output());
    if (buffers.correct()) continue;
    ++different;
    const nsrt::Window& w = layer.window;
    app::Line() << "differs: seed " << seed << ", subnet " << std::uint32_t{pruning.subnet} << ", block "
                << std::uint32_t{pruning.block} << ", in " << std::uint32_t{w.ih} << " "
                << std::uint32_t{w.iw} << " " << std::uint32_t{w.ci} << ", out " << std::uint32_t{w.oh} << " "
                << std::uint32_t{w.ow} << " " << std::uint32_t{w.co} << ", kernel " << std::uint32_t{w.kh}
                << " " << std::uint32_t{w.kw} << ", stride " << std::uint32_t{w.sh} << " "
                << std::uint32_t{w.sw} << ", padding " << std::uint32_t{w.pad_top} << " "
                << std::uint32_t{w.pad_left} << "\n";
  }
  return different;
}

std::uint32_t number(const char* text) {
  std::uint32_t n = 0;
  for (; *text >= '0' && *text <= '9'; ++text) n = n * 10 + static_cast<std::uint32_t>(*text - '0');
  return n;
}

}  // namespace

int main(int argc, char** argv) {
  board::init(argc, argv);
  const board::Arguments& words = board::arguments();
  const std::uint32_t count = words.count > 0 ? number(words.word[0]) : 300;
  const std::uint32_t different = check_layers(count, words.count > 1 ? number(words.word[1]) : 1);
  app::Line() << count << " layers, " << different << " differ from the reference kernels\n";
  board::exit(different == 0 ? 0 : 1);
}
