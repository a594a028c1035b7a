// Speed of the host kernels at every level of this CPU, one core. Every answer is compared with the reference
// kernels' before its time is printed. Multiply-accumulates are those of kept weights.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <functional>

#include "support/kernel_levels.h"

using namespace ns::testing;
using nsrt::KernelSet;
using nsrt::Window;

namespace {

struct Case {
  std::string name;
  double macs;
  std::function<void(const KernelSet&, std::int8_t* out)> run;
  std::size_t output_bytes;
};

struct Times {
  double min_us, median_us, max_us;
};

constexpr int kSamples = 61;

/// CPU time of this thread: other work on the machine is not counted.
double cpu_us() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) / 1e3;
}

/// Each sample repeats the case for about 0.2 ms.
Times measure(const std::function<void()>& run) {
  const auto sample = [&](int repeats) {
    const double start = cpu_us();
    for (int i = 0; i < repeats; ++i) run();
    return cpu_us() - start;
  };
  int repeats = 1;
  while (sample(repeats) < 200) repeats *= 2;
  std::vector<double> samples;
  for (int s = 0; s < kSamples; ++s) samples.push_back(sample(repeats) / repeats);
  std::sort(samples.begin(), samples.end());
  return {samples.front(), samples[kSamples / 2], samples.back()};
}

/// Scratch as an arena gives it: reused from call to call.
void* scratch(std::size_t bytes) {
  static std::vector<std::max_align_t> memory;
  if (memory.size() * sizeof memory[0] < bytes) memory.resize(bytes / sizeof memory[0] + 1);
  return memory.data();
}

struct Layer {
  std::vector<std::uint8_t> weights;
  std::vector<std::int8_t> in;
  std::vector<nsrt::RequantRow> rows;
  nsrt::Requant requant() const { return {-3, -128, rows.data()}; }
};

Layer layer(const Window& w, std::vector<std::uint8_t> weights) {
  Draw draw(1);
  std::vector<nsrt::RequantRow> rows(w.co);
  for (auto& row : rows) row = {draw.in(1 << 20, 1 << 22), draw.in(-20000, 20000)};
  return {std::move(weights), draw.values(inputs(w)), std::move(rows)};
}

Case dense(const std::string& name, const Window& w) {
  const ns::pack::WeightShape shape{w.co, w.ci, w.kh, w.kw};
  const Layer l = layer(w, ns::pack::encode_dense_quads(Draw(2).values(shape.count(), -127), shape));
  return {name, static_cast<double>(shape.count()) * w.oh * w.ow,
          [=](const KernelSet& k, std::int8_t* out) {
            k.conv_s8(w, reinterpret_cast<const std::int8_t*>(l.weights.data()), l.requant(), l.in.data(),
                      out, scratch(k.conv_s8_scratch_bytes(w)));
          },
          outputs(w)};
}

Case sparse(const std::string& name, const Window& w, int block, double sparsity) {
  const auto nested = Draw(3).nested({w.co, w.ci, w.kh, w.kw}, block, 1, 1 - sparsity);
  const Layer l = layer(w, ns::pack::encode_nested_csr(nested));
  const auto kept = std::count(nested.level.begin(), nested.level.end(), 1) * block;
  char full[80];
  std::snprintf(full, sizeof full, "%s b%d %.0f%%", name.c_str(), block, 100 * sparsity);
  return {full, static_cast<double>(kept) * w.oh * w.ow,
          [=](const KernelSet& k, std::int8_t* out) {
            k.conv_ncsr_s8(w, view_of(l.weights, nested, 1), l.requant(), l.in.data(), out,
                           scratch(k.conv_ncsr_s8_scratch_bytes(w, static_cast<std::uint8_t>(block))));
          },
          outputs(w)};
}

Case depthwise(const std::string& name, const Window& w) {
  const ns::pack::WeightShape shape{w.co, 1, w.kh, w.kw};
  const Layer l = layer(w, ns::pack::encode_dense_rows(Draw(2).values(shape.count(), -127), shape));
  return {name, static_cast<double>(shape.count()) * w.oh * w.ow,
          [=](const KernelSet& k, std::int8_t* out) {
            k.dwconv_s8(w, reinterpret_cast<const std::int8_t*>(l.weights.data()), l.requant(), l.in.data(),
                        out, scratch(k.dwconv_s8_scratch_bytes(w)));
          },
          outputs(w)};
}

Case linear(const std::string& name, int in_count, int units) {
  const Window w = window(1, 1, in_count, units, 1, 1, 0);
  const ns::pack::WeightShape shape{units, in_count, 1, 1};
  const Layer l = layer(w, ns::pack::encode_dense_rows(Draw(2).values(shape.count(), -127), shape));
  return {name, static_cast<double>(shape.count()),
          [=](const KernelSet& k, std::int8_t* out) {
            k.linear_s8(w.ci, w.co, reinterpret_cast<const std::int8_t*>(l.weights.data()), l.requant(),
                        l.in.data(), out, nullptr);
          },
          outputs(w)};
}

Case add(const std::string& name, std::uint32_t count) {
  const auto a = Draw(4).values(count), b = Draw(5).values(count);
  return {name, 2.0 * count,
          [=](const KernelSet& k, std::int8_t* out) {
            k.add_s8(count, {12000, 9000, 1 << 13, 14}, a.data(), b.data(), out);
          },
          count};
}

Case pool(const std::string& name, const Window& w, bool average) {
  const auto in = Draw(4).values(inputs(w));
  return {name, static_cast<double>(outputs(w)) * w.kh * w.kw,
          [=](const KernelSet& k, std::int8_t* out) {
            if (average)
              k.avg_pool_s8(w, {1 << 30, 0, -128, 0}, in.data(), out);
            else
              k.max_pool_s8(w, in.data(), out);
          },
          outputs(w)};
}

/// Checks, measures and prints one case; returns the fastest time at every level, or nothing after a wrong
/// answer.
std::vector<double> report(const Case& c) {
  Guarded expected(c.output_bytes);
  c.run(nsrt::reference_kernels(), expected.data());
  std::vector<double> fastest;
  for (const KernelLevel& level : kernel_levels()) {
    Guarded out(c.output_bytes);
    c.run(*level.kernels, out.data());
    if (!(out == expected)) {
      std::fprintf(stderr, "%s, %s: wrong answer\n", c.name.c_str(), level.name.c_str());
      return {};
    }
    const Times t = measure([&] { c.run(*level.kernels, out.data()); });
    std::printf("%-34s %-9s %9.2f %9.2f %9.2f %9.1f\n", c.name.c_str(), level.name.c_str(), t.min_us,
                t.median_us, t.max_us, c.macs / t.min_us / 1000);
    fastest.push_back(t.min_us);
  }
  return fastest;
}

bool report_sum(const std::string& name, const std::vector<Case>& layers) {
  std::vector<double> sum(kernel_levels().size());
  for (const Case& c : layers) {
    const std::vector<double> fastest = report(c);
    if (fastest.empty()) return false;
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += fastest[i];
  }
  for (std::size_t i = 0; i < sum.size(); ++i)
    std::printf("%-34s %-9s %29.1f us per image\n", name.c_str(), kernel_levels()[i].name.c_str(), sum[i]);
  return true;
}

/// resnet8 on 32×32×3, its residual convolutions dense (sparsity 0) or nested sparse.
std::vector<Case> resnet8(double sparsity) {
  const auto conv = [&](const char* name, const Window& w) {
    return sparsity == 0 ? dense(name, w) : sparse(name, w, 2, sparsity);
  };
  return {dense("stem 32x32 3->16", window(32, 32, 3, 16, 3, 1, 1)),
          conv("1a 32x32 16->16", window(32, 32, 16, 16, 3, 1, 1)),
          conv("1b 32x32 16->16", window(32, 32, 16, 16, 3, 1, 1)),
          add("1 add", 32 * 32 * 16),
          conv("2a 32x32 16->32 /2", window(32, 32, 16, 32, 3, 2, 1)),
          conv("2b 16x16 32->32", window(16, 16, 32, 32, 3, 1, 1)),
          conv("2s 1x1 16->32 /2", window(32, 32, 16, 32, 1, 2, 0)),
          add("2 add", 16 * 16 * 32),
          conv("3a 16x16 32->64 /2", window(16, 16, 32, 64, 3, 2, 1)),
          conv("3b 8x8 64->64", window(8, 8, 64, 64, 3, 1, 1)),
          conv("3s 1x1 32->64 /2", window(16, 16, 32, 64, 1, 2, 0)),
          add("3 add", 8 * 8 * 64),
          pool("average 8x8", window(8, 8, 64, 64, 8, 8, 0), true),
          linear("linear 64->10", 64, 10)};
}

}  // namespace

int main(int argc, char** argv) {
  const std::string wanted = argc > 1 ? argv[1] : "";
  std::printf(
      "one core (argument: only cases whose name has this text), %d samples; GMAC/s at the minimum, of kept "
      "weights (pools and add: of their elements)\n",
      kSamples);
  std::printf("%-34s %-9s %9s %9s %9s %9s\n", "", "level", "min us", "median", "max", "GMAC/s");
  std::vector<Case> cases{dense("conv1x1 16x16 64->64", window(16, 16, 64, 64, 1, 1, 0)),
                          dense("conv3x3 16x16 32->32", window(16, 16, 32, 32, 3, 1, 1)),
                          depthwise("depthwise 3x3 16x16 64", window(16, 16, 64, 64, 3, 1, 1)),
                          dense("conv3x3 4x4 64->64", window(4, 4, 64, 64, 3, 1, 1)),
                          dense("conv1x1 1x1 256->256", window(1, 1, 256, 256, 1, 1, 0)),
                          linear("linear 1024->256", 1024, 256),
                          pool("max pool 2x2 32x32 16", window(32, 32, 16, 16, 2, 2, 0), false)};
  for (int block : {1, 2, 4})
    for (double sparsity : {0.5, 0.75, 0.9})
      cases.push_back(sparse("conv3x3 16x16 32->32", window(16, 16, 32, 32, 3, 1, 1), block, sparsity));
  for (const Case& c : cases)
    if (c.name.find(wanted) != std::string::npos && report(c).empty()) return 1;
  for (double sparsity : {0.0, 0.7, 0.8, 0.9}) {
    char name[40];
    std::snprintf(name, sizeof name, "resnet8, %.0f%% sparse", 100 * sparsity);
    if (std::string(name).find(wanted) != std::string::npos && !report_sum(name, resnet8(sparsity))) return 1;
  }
}
