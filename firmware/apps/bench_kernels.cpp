// Executed instructions of the target's kernels on the layers and networks of docs/results: everything
// included, from planar int8 to planar int8. Every case is compared with the reference kernels before its
// number is printed, one JSON object per line. Words choose cases: all whose name contains one of them.
#include <cstring>

#include "firmware/apps/bench_layer.h"
#include "firmware/apps/bench_networks.h"
#include "firmware/apps/instruction_count.h"
#include "firmware/apps/text.h"

namespace {

using namespace app;

bool chosen(const char* name) {
  const board::Arguments& words = board::arguments();
  for (int i = 0; i < words.count; ++i) {
    if (std::strstr(name, words.word[i]) != nullptr) return true;
  }
  return words.count == 0;
}

struct Total {
  std::uint64_t instructions = 0, macs = 0;
  bool correct = true;
};

void count(const BenchLayer& layer, const Pruning& pruning, Total& total) {
  BenchBuffers buffers(board::arena(), layer, pruning);
  buffers.run(nsrt::reference_kernels(), buffers.expected());
  total.instructions += count_instructions([&] { buffers.run(nsrt::fast_kernels(), buffers.output()); });
  total.macs += buffers.kept_macs();
  total.correct = total.correct && buffers.correct();
}

bool report(const char* name, const char* variant, const Total& total) {
  const std::uint64_t per_mac =
      total.macs == 0 ? 0 : (total.instructions * 10000 + total.macs / 2) / total.macs;
  Line line;
  line << "{\"case\":\"" << name << variant << "\",\"instructions\":" << total.instructions
       << ",\"macs\":" << total.macs << ",\"insn_per_mac\":" << per_mac / 10000 << ".";
  for (std::uint64_t digit = 1000; digit > 0; digit /= 10) line << per_mac / digit % 10;
  line << ",\"correct\":" << (total.correct ? "true" : "false") << "}\n";
  return total.correct;
}

}  // namespace

int main(int argc, char** argv) {
  board::init(argc, argv);
  bool correct = true;
  for (const BenchCase& c : bench_cases()) {
    char name[96];
    std::strcpy(name, c.name);
    std::strcat(name, c.variant);
    if (!chosen(name)) continue;
    Total total;
    for (const BenchLayer& layer : c.layers) count(layer, layer.prunable ? c.pruning : Pruning{}, total);
    correct = report(c.name, c.variant, total) && correct;
  }
  board::exit(correct ? 0 : 1);
}
