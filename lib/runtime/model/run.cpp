#include "model/run.h"

#include <cstring>

#include "kernels/linked.h"
#include "nsrt/regions.h"

namespace nsrt {
namespace {

bool aligned(const void* p) {
  return reinterpret_cast<std::uintptr_t>(p) % 16 == 0;
}

// The first `cut` bytes lie apart from the others.
struct Arena {
  std::uint8_t* fast;
  std::uint32_t cut;
  std::uint8_t* rest;

  std::uint8_t* at(std::uint32_t offset) const {
    return offset < cut ? fast + offset : rest + (offset - cut);
  }
};

// One pass through a network whose input already lies in the arena.
class Pass {
 public:
  Pass(const NetworkView& net, unsigned subnet, const Arena& arena, const KernelSet& kernels, Scratch scratch)
      : net_(net), subnet_(subnet), arena_(arena), kernels_(kernels), scratch_(scratch) {}

  void run(Observer observer) {
    const std::uint32_t operators = net_.operators();
    for (std::uint32_t i = 0; i < operators; ++i) {
      const OperatorView op = net_.op(i);
      run_operator(op);
      const TensorView out = net_.tensor(op.output);
      if (observer.call != nullptr) observer.call(observer.user, i, arena_.at(out.offset), out.bytes);
    }
  }

 private:
  std::int8_t* place(std::uint16_t tensor) {
    return reinterpret_cast<std::int8_t*>(arena_.at(net_.tensor(tensor).offset));
  }

  // Widens the operator's rows into its scratch, unless the kernels can read them in place.
  Requant rows(const OperatorView& op) const {
    const Region bytes = net_.requant(op, subnet_);
    const std::uint32_t count = net_.tensor(op.output).c;
    const RowTableView table(bytes, op.table_form, count);
    const auto* place = reinterpret_cast<const RequantRow*>(bytes.data + 4);
    if (op.table_form != kWideTables) {
      auto* const wide = reinterpret_cast<RequantRow*>(scratch_of(op));
      table.widen(wide);
      place = wide;
    }
    return {table.input_zero_point(), table.output_zero_point(), place};
  }

  std::uint8_t* scratch_of(const OperatorView& op) const {
    return scratch_.data != nullptr ? static_cast<std::uint8_t*>(scratch_.data)
                                    : arena_.at(op.scratch_offset);
  }

  NestedCsr sparse_rows(const OperatorView& op) const {
    const Region weights = net_.weights(op);
    const std::uint32_t counts = std::uint32_t{2} * net_.tensor(op.output).c * net_.subnets();
    return {reinterpret_cast<const std::uint16_t*>(weights.data), weights.data + round_up(counts, 4),
            op.block, static_cast<std::uint8_t>(net_.subnets()), static_cast<std::uint8_t>(subnet_)};
  }

  NestedRice rice_rows(const OperatorView& op) const {
    return {net_.weights(op).data, net_.tensor(op.output).c, op.block, static_cast<std::uint8_t>(subnet_)};
  }

  // Empty where the operator writes no levels.
  Steps steps(const OperatorView& op) const {
    return {reinterpret_cast<const std::int16_t*>(net_.requant(op, subnet_).data),
            net_.tensor(op.output).highest_level()};
  }

  // Turns the levels of some channels round, after the largest were taken.
  void flip_channels(const OperatorView& op, std::int8_t* values) const {
    const TensorView out = net_.tensor(op.output);
    const std::uint8_t highest = out.highest_level();
    const std::uint32_t pixels = std::uint32_t{out.h} * out.w;
    const Region flips = net_.requant(op, subnet_);
    for (std::uint32_t c = 0; highest != 0 && c < out.c; ++c, values += pixels) {
      if ((flips.u8(c / 8) >> c % 8 & 1) == 0) continue;
      for (std::uint32_t i = 0; i < pixels; ++i) values[i] = static_cast<std::int8_t>(values[i] ^ highest);
    }
  }

  // Each part is an addition of nothing.
  void concatenate(const OperatorView& op, std::int8_t* out) {
    const Region table = net_.requant(op, subnet_);
    const std::uint16_t inputs[2] = {op.input, op.input2};
    for (std::uint32_t i = 0; i < 2; ++i) {
      const std::uint32_t count = net_.tensor(inputs[i]).elements();
      const std::int8_t* const in = place(inputs[i]);
      kernels_.add_s8(count, {table.i16(2 * i), 0, table.i32(4 + 4 * i), table.u8(12)}, in, in, out);
      out += count;
    }
  }

  void run_operator(const OperatorView& op) {
    void* scratch = scratch_of(op) + widened_rows_bytes(op, net_.tensor(op.output).c);
    std::int8_t* in = place(op.input);
    std::int8_t* out = place(op.output);
    const Window window = net_.window(op);
    const Region table = net_.requant(op, subnet_);
    const auto* weights = reinterpret_cast<const std::int8_t*>(net_.weights(op).data);
    switch (op.kind) {
      case OperatorKind::kConv:
        if (op.gated()) {
          kernels_.conv_gated_s8(window, weights, rows(op), {place(op.input2), net_.winners(op, subnet_)}, in,
                                 out, scratch);
        } else if (op.encoding == WeightEncoding::kNestedRice) {
          kernels_.conv_rice_s8(window, rice_rows(op), rows(op), in, out, scratch);
        } else if (op.encoding == WeightEncoding::kNestedCsr) {
          kernels_.conv_ncsr_s8(window, sparse_rows(op), rows(op), in, out, scratch);
        } else {
          kernels_.conv_s8(window, weights, rows(op), in, out, scratch);
        }
        break;
      case OperatorKind::kDepthwise:
        kernels_.dwconv_s8(window, weights, rows(op), in, out, scratch);
        break;
      case OperatorKind::kLinear:
        run_linear(op, weights, in, out);
        break;
      case OperatorKind::kMaxPool:
        kernels_.max_pool_s8(window, in, out);
        flip_channels(op, out);
        break;
      case OperatorKind::kBinaryConv: {
        const Steps levels = steps(op);
        kernels_.bconv(window, reinterpret_cast<const std::uint32_t*>(weights), levels,
                       levels.count == 0 ? rows(op) : Requant{}, in, out, scratch);
        break;
      }
      case OperatorKind::kStep:
        kernels_.step_s8(window.co, std::uint32_t{window.oh} * window.ow, steps(op), in, out);
        break;
      case OperatorKind::kConcat:
        concatenate(op, out);
        break;
      case OperatorKind::kAveragePool:
        kernels_.avg_pool_s8(window, {table.i32(0), table.i32(4), table.i8(8), table.u8(9)}, in, out);
        break;
      case OperatorKind::kAdd:
        kernels_.add_s8(net_.tensor(op.output).elements(),
                        {table.i16(0), table.i16(2), table.i32(4), table.u8(8)}, in, place(op.input2), out);
        break;
    }
  }

  void run_linear(const OperatorView& op, const std::int8_t* weights, const std::int8_t* in,
                  std::int8_t* out) {
    const TensorView to = net_.tensor(op.output);
    const bool wide = to.type == TensorType::kInt16;
    std::int8_t* const out8 = wide ? nullptr : out;
    std::int16_t* const out16 = wide ? reinterpret_cast<std::int16_t*>(out) : nullptr;
    if (op.encoding == WeightEncoding::kNestedRice) {
      kernels_.linear_rice_s8(linear_inputs(net_, op), to.c, rice_rows(op), rows(op), in, out8, out16);
    } else if (op.encoding == WeightEncoding::kNestedCsr) {
      kernels_.linear_ncsr_s8(linear_inputs(net_, op), to.c, sparse_rows(op), rows(op), in, out8, out16);
    } else {
      kernels_.linear_s8(linear_inputs(net_, op), to.c, weights, rows(op), in, out8, out16);
    }
  }

  const NetworkView& net_;
  unsigned subnet_;
  const Arena arena_;
  const KernelSet& kernels_;
  Scratch scratch_;
};

bool planned_scratch_fits(const NetworkView& net, const KernelSet& kernels) {
  for (std::uint32_t i = 0; i < net.operators(); ++i) {
    const OperatorView op = net.op(i);
    if (operator_scratch_bytes(net, op, kernels) > op.scratch_bytes) return false;
  }
  return true;
}

nsrt_status check_arena(const NetworkView& net, const void* arena, std::size_t arena_bytes) {
  if (arena == nullptr) return NSRT_BAD_ARGUMENT;
  if (!aligned(arena)) return NSRT_MISALIGNED;
  return arena_bytes < net.arena_bytes() ? NSRT_ARENA_TOO_SMALL : NSRT_OK;
}

// The fastest kernels that need no more than the planned scratch; the reader has seen to it that the M7's do
// not.
KernelSet planned_kernels(const NetworkView& net) {
  if (kFastKernelsAreFrugal || planned_scratch_fits(net, fast_kernels())) return linked_kernels();
  return frugal_kernels();
}

Arena in_one_piece(void* arena) {
  return {nullptr, 0, static_cast<std::uint8_t*>(arena)};
}

std::uint32_t arena_cut(const NetworkView& net, std::uint32_t room) {
  if (room >= net.arena_bytes()) return net.arena_bytes();
  std::uint32_t cut = room / 16 * 16;
  const auto keep_whole = [&](std::uint32_t offset, std::uint32_t bytes) {
    const bool across = offset < cut && cut - offset < bytes;
    if (across) cut = offset / 16 * 16;  // what lies behind it stays aligned
    return !across;
  };
  for (bool whole = false; !whole;) {
    whole = true;
    for (std::uint32_t i = 0; i < net.tensors(); ++i) {
      const TensorView tensor = net.tensor(i);
      whole = keep_whole(tensor.offset, tensor.bytes) && whole;
    }
    for (std::uint32_t i = 0; i < net.operators(); ++i) {
      const OperatorView op = net.op(i);
      whole = keep_whole(op.scratch_offset, op.scratch_bytes) && whole;
    }
  }
  return cut;
}

nsrt_status check_regions(const NetworkView& net, const nsrt_regions& regions) {
  if (!aligned(regions.fast) || !aligned(regions.rest)) return NSRT_MISALIGNED;
  const std::uint32_t cut = regions.fast_bytes;
  if ((cut > 0 && regions.fast == nullptr) || cut > net.arena_bytes() || arena_cut(net, cut) != cut)
    return NSRT_BAD_ARGUMENT;
  const std::uint32_t rest = net.arena_bytes() - cut;
  if (rest == 0) return NSRT_OK;
  if (regions.rest == nullptr) return NSRT_BAD_ARGUMENT;
  return regions.rest_bytes < rest ? NSRT_ARENA_TOO_SMALL : NSRT_OK;
}

nsrt_status check(const NetworkView& net, unsigned subnet, const void* input, const void* output) {
  const bool good = input != nullptr && output != nullptr && subnet >= 1 && subnet <= net.subnets();
  return good ? NSRT_OK : NSRT_BAD_ARGUMENT;
}

Observer observer_of(const nsrt_run_options* options) {
  return options != nullptr ? Observer{options->observer, options->user} : Observer{};
}

// After the checks.
void run_checked(const NetworkView& net, unsigned subnet, const std::int8_t* input, void* output,
                 const Arena& arena, const KernelSet& kernels, Scratch scratch, Observer observer) {
  const TensorView in = net.tensor(net.input());
  std::uint8_t* const place = arena.at(in.offset);
  if (reinterpret_cast<const std::uint8_t*>(input) != place) std::memcpy(place, input, in.bytes);
  Pass(net, subnet, arena, kernels, scratch).run(observer);
  auto* to = static_cast<std::uint8_t*>(output);
  for (std::uint32_t i = 0; i < net.outputs(); ++i) {
    const TensorView out = net.tensor(net.output(i));
    std::memcpy(to, arena.at(out.offset), out.bytes);
    to += out.bytes;
  }
}

// Runs the test vector of one network and compares in the arena: no buffer for the output is needed.
nsrt_status self_test(const NetworkView& net, std::uint8_t* arena) {
  const KernelSet kernels = planned_kernels(net);
  const Region input = net.test_input();
  for (unsigned k = 1; k <= net.subnets(); ++k) {
    std::memcpy(arena + net.tensor(net.input()).offset, input.data, input.size);
    Pass(net, k, in_one_piece(arena), kernels, {}).run({});
    const std::uint8_t* expected = net.test_output(k).data;
    for (std::uint32_t i = 0; i < net.outputs(); ++i) {
      const TensorView output = net.tensor(net.output(i));
      for (std::uint32_t at = 0; at < output.bytes; ++at)
        if (arena[output.offset + at] != *expected++) return NSRT_BAD_TEST;
    }
  }
  return NSRT_OK;
}

}  // namespace

bool has_kernel(const KernelSet& kernels, const OperatorView& op) {
  switch (op.kind) {
    case OperatorKind::kConv:
      if (op.gated()) return kernels.conv_gated_s8 != nullptr;
      return op.encoding == WeightEncoding::kNestedRice  ? kernels.conv_rice_s8 != nullptr
             : op.encoding == WeightEncoding::kNestedCsr ? kernels.conv_ncsr_s8 != nullptr
                                                         : kernels.conv_s8 != nullptr;
    case OperatorKind::kDepthwise:
      return kernels.dwconv_s8 != nullptr;
    case OperatorKind::kLinear:
      return op.encoding == WeightEncoding::kNestedRice  ? kernels.linear_rice_s8 != nullptr
             : op.encoding == WeightEncoding::kNestedCsr ? kernels.linear_ncsr_s8 != nullptr
                                                         : kernels.linear_s8 != nullptr;
    case OperatorKind::kMaxPool:
      return kernels.max_pool_s8 != nullptr;
    case OperatorKind::kAveragePool:
      return kernels.avg_pool_s8 != nullptr;
    case OperatorKind::kAdd:
    case OperatorKind::kConcat:
      return kernels.add_s8 != nullptr;
    case OperatorKind::kBinaryConv:
      return kernels.bconv != nullptr;
    case OperatorKind::kStep:
      return kernels.step_s8 != nullptr;
  }
  return false;
}

std::uint32_t scratch_bytes(const NetworkView& net, const KernelSet& kernels) {
  std::uint32_t most = 0;
  for (std::uint32_t i = 0; i < net.operators(); ++i) {
    const std::uint32_t bytes = operator_scratch_bytes(net, net.op(i), kernels);
    if (bytes > most) most = bytes;
  }
  return most;
}

std::uint32_t scratch_bytes(const nsrt_model& model, unsigned network, const KernelSet& kernels) {
  return network < model.networks ? scratch_bytes(network_view(file_region(model), network), kernels) : 0;
}

nsrt_status run(const nsrt_model& model, unsigned network, unsigned subnet, const std::int8_t* input,
                void* output, void* arena, std::size_t arena_bytes, const KernelSet& kernels, Scratch scratch,
                Observer observer) {
  if (network >= model.networks) return NSRT_BAD_ARGUMENT;
  const NetworkView net = network_view(file_region(model), network);
  nsrt_status status = check(net, subnet, input, output);
  if (status == NSRT_OK) status = check_arena(net, arena, arena_bytes);
  if (status != NSRT_OK) return status;
  if (!aligned(scratch.data)) return NSRT_MISALIGNED;
  const bool fits = scratch.data != nullptr ? scratch_bytes(net, kernels) <= scratch.bytes
                                            : planned_scratch_fits(net, kernels);
  if (!fits) return NSRT_ARENA_TOO_SMALL;
  run_checked(net, subnet, input, output, in_one_piece(arena), kernels, scratch, observer);
  return NSRT_OK;
}

}  // namespace nsrt

extern "C" nsrt_status nsrt_run(const nsrt_model* model, unsigned network, unsigned subnet,
                                const int8_t* input, void* output, void* arena, size_t arena_bytes,
                                const nsrt_run_options* options) {
  if (network >= model->networks) return NSRT_BAD_ARGUMENT;
  const nsrt::NetworkView net = nsrt::network_view(nsrt::file_region(*model), network);
  nsrt_status status = nsrt::check(net, subnet, input, output);
  if (status == NSRT_OK) status = nsrt::check_arena(net, arena, arena_bytes);
  if (status != NSRT_OK) return status;
  nsrt::run_checked(net, subnet, input, output, nsrt::in_one_piece(arena), nsrt::planned_kernels(net), {},
                    nsrt::observer_of(options));
  return NSRT_OK;
}

extern "C" nsrt_status nsrt_run_in(const nsrt_model* model, unsigned network, unsigned subnet,
                                   const int8_t* input, void* output, const nsrt_regions* regions,
                                   const nsrt_run_options* options) {
  if (network >= model->networks) return NSRT_BAD_ARGUMENT;
  const nsrt::NetworkView net = nsrt::network_view(nsrt::file_region(*model), network);
  nsrt_status status = nsrt::check(net, subnet, input, output);
  if (status == NSRT_OK) status = nsrt::check_regions(net, *regions);
  if (status != NSRT_OK) return status;
  const nsrt::Arena arena{static_cast<std::uint8_t*>(regions->fast), regions->fast_bytes,
                          static_cast<std::uint8_t*>(regions->rest)};
  nsrt::run_checked(net, subnet, input, output, arena, nsrt::planned_kernels(net), {},
                    nsrt::observer_of(options));
  return NSRT_OK;
}

extern "C" int8_t* nsrt_input_place_in(const nsrt_model* model, unsigned network,
                                       const nsrt_regions* regions) {
  if (network >= model->networks) return nullptr;
  const nsrt::NetworkView net = nsrt::network_view(nsrt::file_region(*model), network);
  const nsrt::Arena arena{static_cast<std::uint8_t*>(regions->fast), regions->fast_bytes,
                          static_cast<std::uint8_t*>(regions->rest)};
  return reinterpret_cast<int8_t*>(arena.at(net.tensor(net.input()).offset));
}

extern "C" uint32_t nsrt_arena_cut(const nsrt_model* model, unsigned network, uint32_t room) {
  if (network >= model->networks) return 0;
  return nsrt::arena_cut(nsrt::network_view(nsrt::file_region(*model), network), room);
}

extern "C" nsrt_status nsrt_self_test(const nsrt_model* model, void* arena, size_t arena_bytes) {
  for (unsigned network = 0; network < model->networks; ++network) {
    const nsrt::NetworkView net = nsrt::network_view(nsrt::file_region(*model), network);
    nsrt_status status = nsrt::check_arena(net, arena, arena_bytes);
    if (status == NSRT_OK) status = nsrt::self_test(net, static_cast<std::uint8_t*>(arena));
    if (status != NSRT_OK) return status;
  }
  return NSRT_OK;
}
