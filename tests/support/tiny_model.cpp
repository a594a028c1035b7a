#include "support/tiny_model.h"

#include <algorithm>
#include <array>

#include "kernels/kernels.h"
#include "model/crc32.h"
#include "ns/pack/dense.h"
#include "ns/pack/nested_csr.h"
#include "ns/pack/nested_rice.h"

namespace nestkit_test {
namespace {

constexpr unsigned kRows = 5;
constexpr std::array<const char*, 7> kOrder = {"NETW", "TENS", "OPER", "WDEN", "WNCS", "REQT", "TEST"};

struct TensorRecord {
  std::uint16_t h, w, c;
  std::uint8_t type;
  std::uint32_t offset;
};

// The addition (tensor 3) writes over the first convolution's output (tensor 1), which waits while the second
// one runs.
constexpr TensorRecord kTensorRecords[TinyModel::kTensors] = {
    {3, 5, 3, 0, 0},      {3, 5, kRows, 0, 48},  {3, 5, kRows, 0, 124},
    {3, 5, kRows, 0, 48}, {3, 5, kRows, 0, 124}, {2, 2, kRows, 0, 0},
    {1, 1, kRows, 0, 20}, {1, 1, 5, 0, 28},      {1, 1, 3, 1, 40}};
constexpr std::uint32_t kScratchOffset = 208;

struct OperatorRecord {
  std::uint8_t kind, encoding, block;
  std::uint16_t input, input2, output;
  std::array<std::uint8_t, 6> window;
};
constexpr OperatorRecord kOperatorRecords[kTinyOperators] = {
    {1, 1, 0, 0, 0xFFFF, 1, {3, 3, 1, 1, 1, 1}}, {1, 3, 2, 0, 0xFFFF, 2, {3, 3, 1, 1, 1, 1}},
    {6, 0, 0, 1, 2, 3, {1, 1, 1, 1, 0, 0}},      {2, 2, 0, 3, 0xFFFF, 4, {3, 3, 1, 1, 1, 1}},
    {4, 0, 0, 4, 0xFFFF, 5, {2, 2, 2, 2, 0, 0}}, {5, 0, 0, 5, 0xFFFF, 6, {2, 2, 1, 1, 0, 0}},
    {3, 3, 1, 6, 0xFFFF, 7, {1, 1, 1, 1, 0, 0}}, {3, 2, 0, 7, 0xFFFF, 8, {1, 1, 1, 1, 0, 0}}};

// In version 1.1: encoding 4 instead of 3, and the tables' form by operator.
constexpr std::uint8_t kForms[kTinyOperators] = {3, 3, 0, 1, 0, 0, 2, 0};
std::uint8_t form_of(unsigned op, unsigned minor) {
  return minor == 0 ? 0 : kForms[op];
}
std::uint8_t encoding_of(unsigned op, unsigned minor) {
  const std::uint8_t encoding = kOperatorRecords[op].encoding;
  return encoding == 3 && minor > 0 ? 4 : encoding;
}

std::uint8_t any(std::uint32_t index) {
  return static_cast<std::uint8_t>((index * 2654435761u) >> 20);
}

std::vector<std::int8_t> any_weights(std::size_t count) {
  std::vector<std::int8_t> values(count);
  for (std::size_t i = 0; i < count; ++i)
    values[i] = static_cast<std::int8_t>(any(static_cast<std::uint32_t>(i)) % 255 - 127);
  return values;
}

Bytes nested(const ns::pack::WeightShape& shape, int block, bool rice) {
  ns::pack::LevelledWeights weights{shape, block, TinyModel::kSubnets, any_weights(shape.count()), {}};
  for (std::size_t i = 0; i < static_cast<std::size_t>(shape.co) * shape.positions(block); ++i) {
    weights.level.push_back(
        static_cast<std::uint8_t>(any(static_cast<std::uint32_t>(i + 7)) % (TinyModel::kSubnets + 1)));
  }
  for (std::size_t i = 0; i < weights.values.size(); ++i) {
    const std::size_t channel = i % shape.row() / shape.taps();
    const std::size_t position = channel / static_cast<std::size_t>(block) * shape.taps() + i % shape.taps();
    if (weights.level[i / shape.row() * shape.positions(block) + position] == 0) weights.values[i] = 0;
  }
  return rice ? ns::pack::encode_nested_rice(weights) : ns::pack::encode_nested_csr(weights);
}

Bytes weights_of(unsigned op, unsigned minor) {
  const bool rice = encoding_of(op, minor) == 4;
  switch (op) {
    case kConv:
      return ns::pack::encode_dense_quads(any_weights(kRows * 3 * 9), {kRows, 3, 3, 3});
    case kSparseConv:
      return nested({kRows, 3, 3, 3}, 2, rice);
    case kDepthwise:
      return ns::pack::encode_dense_rows(any_weights(kRows * 9), {kRows, 1, 3, 3});
    case kSparseLinear:
      return nested({5, kRows, 1, 1}, 1, rice);
    case kLinear:
      return ns::pack::encode_dense_rows(any_weights(3 * 5), {3, 5, 1, 1});
    default:
      return {};
  }
}

// Zero points −7 and 3, multipliers of either sign.
Bytes row_table(unsigned rows, bool int16_output, unsigned subnet, unsigned form) {
  const bool narrow_multipliers = (form & 1) != 0, narrow_biases = (form & 2) != 0;
  Bytes table{0xF9, static_cast<std::uint8_t>(int16_output ? 0 : 3),
              static_cast<std::uint8_t>(narrow_multipliers ? 10 : 0),
              static_cast<std::uint8_t>(narrow_biases ? 1 : 0)};
  const auto multiplier = [&](unsigned row) {
    const std::uint32_t m = narrow_multipliers ? 20'000 + subnet : 20'000'000 + subnet;
    return row % 2 == 0 ? m : ~m + 1;
  };
  const auto put = [&](std::uint32_t value, bool narrow) {
    table.resize(table.size() + 4);
    put32(table, table.size() - 4, value);
    if (narrow) table.resize(table.size() - 2);
  };
  if (form == 0 || form == 2) {
    for (unsigned row = 0; row < rows; ++row) {
      put(multiplier(row), false);
      if (form == 0) put(100 * subnet + row, false);
    }
    for (unsigned row = 0; row < rows && form == 2; ++row) put(100 * subnet + row, true);
  } else {
    for (unsigned row = 0; row < rows; ++row) put(100 * subnet + row, narrow_biases);
    for (unsigned row = 0; row < rows; ++row) put(multiplier(row), true);
  }
  table.resize((table.size() + 3) / 4 * 4);
  return table;
}

Bytes requant_of(unsigned op, unsigned subnet, unsigned minor) {
  switch (op) {
    case kMaxPool:
      return {};
    case kAveragePool:
      return {0, 0, 0, 0x40, 12, 0, 0, 0, 5, 0, 0, 0};
    case kAdd:
      return {0, 0x20, 0, 0x30, 0, 0x20, 0, 0, 14, 0, 0, 0};
    default:
      return row_table(kTensorRecords[kOperatorRecords[op].output].c, op == kLinear, subnet,
                       form_of(op, minor));
  }
}

std::uint32_t kernel_scratch_of(unsigned op) {
  const TensorRecord& in = kTensorRecords[kOperatorRecords[op].input];
  const TensorRecord& out = kTensorRecords[kOperatorRecords[op].output];
  const nsrt::Window window{in.h, in.w, in.c, out.h, out.w, out.c, 3, 3, 1, 1, 1, 1};
  switch (op) {
    case kConv:
      return nsrt::m7_conv_s8_scratch_bytes(window);
    case kSparseConv:
      return nsrt::m7_conv_ncsr_s8_scratch_bytes(window, 2);
    case kDepthwise:
      return nsrt::m7_dwconv_s8_scratch_bytes(window);
    default:
      return 0;
  }
}

std::uint32_t scratch_of(unsigned op, unsigned minor) {
  const std::uint32_t rows = form_of(op, minor) == 0 ? 0 : (8 * kRows + 15) / 16 * 16;
  return rows + kernel_scratch_of(op);
}

void append(Bytes& to, const Bytes& bytes, std::size_t alignment) {
  to.insert(to.end(), bytes.begin(), bytes.end());
  to.resize((to.size() + alignment - 1) / alignment * alignment);
}

void put_network(Sections& s, std::uint32_t arena_bytes) {
  Bytes& netw = s["NETW"];
  netw.resize(32 + 16 * TinyModel::kSubnets);
  put16(netw, 0, TinyModel::kSubnets);
  put16(netw, 2, TinyModel::kTensors);
  put16(netw, 4, kTinyOperators);
  put16(netw, 8, TinyModel::kTensors - 1);
  netw[10] = 0xF9;
  netw[11] = 8;
  put32(netw, 12, 0x3C000000);  // 2^-7
  put32(netw, 16, arena_bytes);
  for (unsigned k = 0; k < TinyModel::kSubnets; ++k) {
    put32(netw, 32 + 16 * k, 1000 + k);
    put32(netw, 36 + 16 * k, 100 + k);
    put32(netw, 40 + 16 * k, 500'000 - k);
  }
}

void put_tensors(Sections& s) {
  Bytes& tens = s["TENS"];
  tens.resize(16 * TinyModel::kTensors);
  for (unsigned i = 0; i < TinyModel::kTensors; ++i) {
    const TensorRecord& t = kTensorRecords[i];
    put16(tens, 16 * i, t.h);
    put16(tens, 16 * i + 2, t.w);
    put16(tens, 16 * i + 4, t.c);
    tens[16 * i + 6] = t.type;
    put32(tens, 16 * i + 8, t.offset);
    put32(tens, 16 * i + 12, static_cast<std::uint32_t>(t.h * t.w * t.c * (t.type + 1)));
  }
}

void put_operators(Sections& s, unsigned minor) {
  Bytes& oper = s["OPER"];
  oper.resize(48 * kTinyOperators);
  for (unsigned i = 0; i < kTinyOperators; ++i) {
    const OperatorRecord& r = kOperatorRecords[i];
    const std::size_t at = 48 * i;
    oper[at] = r.kind;
    oper[at + 1] = encoding_of(i, minor);
    oper[at + 2] = r.block;
    oper[at + 3] = form_of(i, minor);
    put16(oper, at + 4, r.input);
    put16(oper, at + 6, r.input2);
    put16(oper, at + 8, r.output);
    for (std::size_t f = 0; f < 6; ++f) oper[at + 10 + f] = r.window[f];
    if (r.encoding != 0) {
      Bytes& section = s[r.encoding == 3 ? "WNCS" : "WDEN"];
      const Bytes weights = weights_of(i, minor);
      put32(oper, at + 16, static_cast<std::uint32_t>(section.size()));
      put32(oper, at + 20, static_cast<std::uint32_t>(weights.size()));
      append(section, weights, 4);
    }
    Bytes tables;
    for (unsigned k = 1; k <= TinyModel::kSubnets; ++k) append(tables, requant_of(i, k, minor), 1);
    if (!tables.empty()) put32(oper, at + 24, static_cast<std::uint32_t>(s["REQT"].size()));
    put32(oper, at + 28, static_cast<std::uint32_t>(tables.size()));
    append(s["REQT"], tables, 1);
    if (scratch_of(i, minor) > 0) put32(oper, at + 32, kScratchOffset);
    put32(oper, at + 36, scratch_of(i, minor));
  }
}

}  // namespace

void put16(Bytes& bytes, std::size_t at, std::uint32_t value) {
  for (unsigned i = 0; i < 2; ++i) bytes.at(at + i) = static_cast<std::uint8_t>(value >> (8 * i));
}

void put32(Bytes& bytes, std::size_t at, std::uint32_t value) {
  for (unsigned i = 0; i < 4; ++i) bytes.at(at + i) = static_cast<std::uint8_t>(value >> (8 * i));
}

std::uint32_t get32(const Bytes& bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (unsigned i = 0; i < 4; ++i) value |= static_cast<std::uint32_t>(bytes.at(at + i)) << (8 * i);
  return value;
}

TinyModel::TinyModel(unsigned minor_version) : minor(minor_version) {
  if (minor > 0) required_features = 7;
  std::uint32_t scratch = 0;
  for (unsigned i = 0; i < kTinyOperators; ++i) scratch = std::max(scratch, scratch_of(i, minor));
  arena_bytes = (kScratchOffset + scratch + 15) / 16 * 16;
  put_network(networks[0], arena_bytes);
  put_tensors(networks[0]);
  put_operators(networks[0], minor);
  // The outputs of the test vector stay zero: whoever wants the self-test to pass fills them in.
  Bytes& test = section("TEST");
  for (std::uint32_t i = 0; i < 4 + 45; ++i) test.push_back(any(i + 99));
  test.resize(4 + 48 + kSubnets * 6);
}

void TinyModel::cooperate() {
  minor = 2;
  required_features |= 8;
  networks.push_back(networks.front());
  stages.assign(32 + 2 * 16 + 4, 0);
  put16(stages, 0, 2);
  put16(stages, 2, 1);
  put16(stages, 4, 3);
  stages[6] = 5;
  put16(stages, 8, 1);
  put16(stages, 10, 1);
  for (unsigned i = 0; i < 2; ++i) {
    put16(stages, 32 + 16 * i, i);
    put16(stages, 34 + 16 * i, 1 + 2 * i);
    put32(stages, 44 + 16 * i, 1);
  }
  put32(stages, 64, 0xC000);
}

Bytes TinyModel::file() const {
  struct Entry {
    std::string name;
    Bytes bytes;
    unsigned network;
  };
  std::vector<Entry> entries{{"META", Bytes(meta.begin(), meta.end()), 0xFFFF}};
  for (unsigned n = 0; n < networks.size(); ++n) {
    for (const char* name : kOrder) {
      const auto found = networks[n].find(name);
      if (found != networks[n].end() && !found->second.empty()) entries.push_back({name, found->second, n});
    }
  }
  if (!stages.empty()) {
    Bytes stgs = stages;
    std::uint32_t crc = 0;
    for (std::size_t i = 1; i < entries.size(); ++i) {
      Bytes one(4);
      put32(one, 0,
            nsrt::crc32(entries[i].bytes.data(), static_cast<std::uint32_t>(entries[i].bytes.size())));
      crc = nsrt::crc32_update(crc, one.data(), 4);
    }
    if (stgs.size() >= 16 && get32(stgs, 12) == 0) put32(stgs, 12, crc);
    entries.push_back({"STGS", stgs, 0xFFFF});
  }
  Bytes file(64 + 32 * entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::size_t at = 64 + 32 * i;
    for (unsigned c = 0; c < 4; ++c) file[at + c] = static_cast<std::uint8_t>(entries[i].name[c]);
    put32(file, at + 4, static_cast<std::uint32_t>(file.size()));
    put32(file, at + 8, static_cast<std::uint32_t>(entries[i].bytes.size()));
    put32(file, at + 12,
          nsrt::crc32(entries[i].bytes.data(), static_cast<std::uint32_t>(entries[i].bytes.size())));
    put16(file, at + 16, entries[i].network);
    append(file, entries[i].bytes, 32);
  }
  const std::uint8_t magic[] = {0x89, 'N', 'S', 'M', 13, 10, 26, 10};
  for (unsigned i = 0; i < 8; ++i) file[i] = magic[i];
  put16(file, 8, 1);
  put16(file, 10, minor);
  put32(file, 12, static_cast<std::uint32_t>(file.size()));
  put32(file, 16, required_features);
  put16(file, 24, static_cast<std::uint32_t>(entries.size()));
  put16(file, 26, static_cast<std::uint32_t>(networks.size()));
  put32(file, 28, arena_bytes);
  mend_table(file);
  return file;
}

void mend_header(Bytes& file) {
  put32(file, 60, nsrt::crc32(file.data(), 60));
}

void mend_table(Bytes& file) {
  const std::uint32_t sections = get32(file, 24) & 0xFFFF;
  put32(file, 56, nsrt::crc32(file.data() + 64, 32 * sections));
  mend_header(file);
}

nsrt_error open_error(const Bytes& file) {
  const Bytes exact(file);  // capacity = size: the sanitizer sees the first byte beyond
  nsrt_model model;
  return nsrt_open(&model, exact.data(), exact.size());
}

}  // namespace nestkit_test
