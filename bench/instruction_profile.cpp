// A QEMU plugin that counts translation blocks and the jumps between them while the firmware measures: from
// every odd to every even call of its counter function (arguments: counter=ADDRESS,out=FILE). One line each:
//   edge START INSTRUCTIONS START INSTRUCTIONS COUNT   from a block to the next, by jump or by falling
//   through turn START INSTRUCTIONS COUNT                      how often a block went elsewhere than the last
//   time
// docs/cycle_model.md says what becomes of them.
//
// Declares what it needs of QEMU's plugin interface, version 1 (QEMU 4.2 to 8.2, docs/devel/tcg-plugins):
// Debian ships no header for it.
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

extern "C" {
using PluginId = std::uint64_t;
struct qemu_plugin_tb;
std::size_t qemu_plugin_tb_n_insns(const qemu_plugin_tb*);
std::uint64_t qemu_plugin_tb_vaddr(const qemu_plugin_tb*);
void qemu_plugin_register_vcpu_tb_trans_cb(PluginId, void (*)(PluginId, qemu_plugin_tb*));
void qemu_plugin_register_vcpu_tb_exec_cb(qemu_plugin_tb*, void (*)(unsigned, void*), int flags, void*);
void qemu_plugin_register_atexit_cb(PluginId, void (*)(PluginId, void*), void*);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;
__attribute__((visibility("default"))) int qemu_plugin_install(PluginId, const void*, int, char**);
}

namespace {

using Address = std::uint64_t;

struct Block {
  Address start;
  std::size_t instructions;
};

/// What follows a block.
struct Exit {
  std::map<const Block*, std::uint64_t> to;
  Address latest = 0;
  std::uint64_t turns = 0;
};

/// Never destroyed: QEMU ends the plugin after the destructors of its globals.
struct Profile {
  Address counter_function = 0;
  std::string output;
  bool measuring = false;
  const Block* before = nullptr;
  std::map<std::pair<Address, std::size_t>, std::unique_ptr<Block>> blocks;
  std::unordered_map<const Block*, Exit> exits;
};
Profile& profile = *new Profile;

void executed(unsigned, void* data) {
  const auto* const block = static_cast<const Block*>(data);
  Profile& p = profile;
  if (block->start == p.counter_function) p.measuring = !p.measuring;
  if (p.measuring && p.before != nullptr) {
    Exit& exit = p.exits[p.before];
    ++exit.to[block];
    exit.turns += exit.latest != 0 && exit.latest != block->start;
    exit.latest = block->start;
  }
  p.before = block;
}

void translated(PluginId, qemu_plugin_tb* tb) {
  const std::size_t n = qemu_plugin_tb_n_insns(tb);
  const Address start = qemu_plugin_tb_vaddr(tb);
  std::unique_ptr<Block>& block = profile.blocks[{start, n}];  // the same code may be translated again
  if (!block) block = std::make_unique<Block>(Block{start, n});
  qemu_plugin_register_vcpu_tb_exec_cb(tb, executed, 0, block.get());
}

void write_profile(PluginId, void*) {
  std::FILE* const file = std::fopen(profile.output.c_str(), "w");
  if (file == nullptr) std::abort();
  for (const auto& [block, exit] : profile.exits) {
    std::fprintf(file, "turn %" PRIx64 " %zu %" PRIu64 "\n", block->start, block->instructions, exit.turns);
    for (const auto& [to, count] : exit.to) {
      std::fprintf(file, "edge %" PRIx64 " %zu %" PRIx64 " %zu %" PRIu64 "\n", block->start,
                   block->instructions, to->start, to->instructions, count);
    }
  }
  if (std::fclose(file) != 0) std::abort();
}

}  // namespace

int qemu_plugin_install(PluginId id, const void*, int argc, char** argv) {
  for (int i = 0; i < argc; ++i) {
    if (std::strncmp(argv[i], "counter=", 8) == 0)
      profile.counter_function = std::strtoull(argv[i] + 8, nullptr, 0);
    if (std::strncmp(argv[i], "out=", 4) == 0) profile.output = argv[i] + 4;
  }
  if (profile.counter_function == 0 || profile.output.empty()) return -1;
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  qemu_plugin_register_atexit_cb(id, write_profile, nullptr);
  return 0;
}
