#include "kernels/linked.h"
#include "model/check.h"
#include "model/run.h"

namespace nsrt {

// Weak: a program that does not call nsrt_detect has none.
[[gnu::weak]] Fault check_detector(const NetworkView& net);

}  // namespace nsrt

namespace {

using namespace nsrt;

Fault check_outputs(const NetworkView& net) {
  const Region& detc = net.section(SectionType::kDetector);
  if (detc.size == 0) return kNoFault;
  return check_detector != nullptr ? check_detector(net) : fault(NSRT_NO_KERNEL, detc.file_offset);
}

Fault check_one(const NetworkView& net) {
  constexpr Fault (*kChecks[])(const NetworkView&) = {check_network,   check_tensors,     check_outputs,
                                                      check_operators, check_memory_plan, check_operator_data,
                                                      check_test};
  for (auto check : kChecks) {
    const Fault error = check(net);
    if (error != kNoFault) return error;
  }
  return kNoFault;
}

std::uint32_t features(const NetworkView& net) {
  std::uint32_t used = 0;
  for (std::uint32_t i = 0; i < net.operators(); ++i) {
    const OperatorView op = net.op(i);
    if (is_nested(op.encoding)) used |= kFeatureNestedSparse;
    if (op.encoding == WeightEncoding::kNestedRice) used |= kFeatureRice;
    if (op.table_form != kWideTables) used |= kFeatureNarrowTables;
    if (op.kind > OperatorKind::kAdd) used |= kFeatureBinary;
    if (op.gated()) used |= kFeatureGated;
  }
  return used;
}

Fault check_file(const Region& file) {
  const Fault error = check_container(file);
  if (error != kNoFault) return error;
  std::uint32_t largest_arena = 0, used = 0;
  for (unsigned i = 0; i < file.u16(26); ++i) {
    const NetworkView net = network_view(file, i);
    const Fault network_error = check_one(net);
    if (network_error != kNoFault) return network_error;
    if (net.arena_bytes() > largest_arena) largest_arena = net.arena_bytes();
    used |= features(net);
  }
  if (file.u32(28) != largest_arena) return fault(NSRT_BAD_HEADER, 28);
  const Fault stages_error = check_stages(file);
  if (stages_error != kNoFault) return stages_error;
  // A reader that lacks a feature relies on its bit.
  return (used & ~file.u32(16)) == 0 ? kNoFault : fault(NSRT_BAD_HEADER, 16);
}

// Of a sound file.
Fault check_kernels(const Region& file) {
  const KernelSet kernels = linked_kernels();
  for (unsigned network = 0; network < file.u16(26); ++network) {
    const NetworkView net = network_view(file, network);
    for (std::uint32_t i = 0; i < net.operators(); ++i) {
      if (!has_kernel(kernels, net.op(i))) {
        return fault(NSRT_NO_KERNEL, net.section(SectionType::kOperators).file_offset + i * kOperatorBytes,
                     i);
      }
    }
  }
  return kNoFault;
}

nsrt_tensor_info tensor_info(const TensorView& t) {
  return {t.h, t.w, t.c, static_cast<std::uint8_t>(t.type), t.bytes};
}

}  // namespace

extern "C" nsrt_error nsrt_open(nsrt_model* model, const void* data, size_t bytes) {
  *model = {nullptr, 0, 0};
  if (data == nullptr) return {NSRT_BAD_ARGUMENT, 0, 0};
  if (reinterpret_cast<std::uintptr_t>(data) % 16 != 0) return {NSRT_MISALIGNED, 0, 0};
  // Offsets are 32 bits wide: what lies beyond cannot belong to a model.
  const Region file{static_cast<const std::uint8_t*>(data),
                    bytes > UINT32_MAX ? UINT32_MAX : static_cast<std::uint32_t>(bytes), 0};
  Fault error = check_file(file);
  if (error == kNoFault) error = check_kernels(file);
  if (error == kNoFault) *model = {file.data, file.size, file.u16(26)};
  return error_of(error);
}

extern "C" nsrt_status nsrt_describe(const nsrt_model* model, unsigned network, nsrt_network_info* info) {
  if (network >= model->networks) return NSRT_BAD_ARGUMENT;
  const NetworkView net = network_view(file_region(*model), network);
  nsrt_tensor_info output = tensor_info(net.tensor(net.last()));
  if (net.outputs() > 1) {
    const std::uint32_t bytes = net.output_bytes();
    output = {1, 1, static_cast<std::uint16_t>(bytes), 0, bytes};
  }
  *info = {.subnets = net.subnets(),
           .operators = net.operators(),
           .tensors = net.tensors(),
           .input = tensor_info(net.tensor(net.input())),
           .output = output,
           .input_zero_point = net.input_zero_point(),
           .input_scale = net.input_scale(),
           .arena_bytes = net.arena_bytes()};
  return NSRT_OK;
}

extern "C" int8_t* nsrt_input_place(const nsrt_model* model, unsigned network, void* arena) {
  if (network >= model->networks) return nullptr;
  const NetworkView net = network_view(file_region(*model), network);
  return static_cast<int8_t*>(arena) + net.tensor(net.input()).offset;
}

extern "C" unsigned nsrt_argmax(const int16_t* logits, unsigned count) {
  unsigned best = 0;
  for (unsigned i = 1; i < count; ++i) {
    if (logits[i] > logits[best]) best = i;
  }
  return best;
}

extern "C" const char* nsrt_status_text(nsrt_status status) {
  switch (status) {
    case NSRT_OK:
      return "ok";
    case NSRT_TRUNCATED:
      return "the file is shorter than its header says";
    case NSRT_BAD_MAGIC:
      return "not an .nsm file, or damaged by a text-mode transfer";
    case NSRT_BAD_VERSION:
      return "an .nsm version that this build cannot read";
    case NSRT_BAD_HEADER:
      return "damaged header";
    case NSRT_UNKNOWN_FEATURE:
      return "the model requires a feature that this build does not have";
    case NSRT_BAD_SECTION_TABLE:
      return "damaged section table";
    case NSRT_BAD_PADDING:
      return "padding between sections is not zero";
    case NSRT_BAD_SECTION_CRC:
      return "a section's checksum does not match";
    case NSRT_BAD_NETWORK:
      return "impossible network record";
    case NSRT_BAD_TENSOR:
      return "impossible tensor";
    case NSRT_BAD_OPERATOR:
      return "impossible operator, graph or memory plan";
    case NSRT_BAD_WEIGHTS:
      return "malformed weights";
    case NSRT_BAD_REQUANT:
      return "malformed requantisation table";
    case NSRT_BAD_TEST:
      return "the test vector is malformed or its result differs";
    case NSRT_MISALIGNED:
      return "file, arena or scratch is not aligned to 16 bytes";
    case NSRT_BAD_ARGUMENT:
      return "no such network or subnet, or a missing buffer";
    case NSRT_ARENA_TOO_SMALL:
      return "the arena or scratch is too small";
    case NSRT_OLD_PLAN:
      return "the memory plan is another version's: this build's kernels need more scratch";
    case NSRT_BAD_STAGES:
      return "malformed stages or stopping rule, or a rule for other networks";
    case NSRT_NO_KERNEL:
      return "the program was linked without a kernel that the model needs";
    case NSRT_BAD_DETECTOR:
      return "malformed detector: its outputs, default boxes or steps";
  }
  return "unknown status";
}
