// Stages of a packed model, one after the other, until the rule says stop.
#include "nsrt/anytime.h"

namespace {

bool same_shape(const nsrt_tensor_info& a, const nsrt_tensor_info& b) {
  return a.h == b.h && a.w == b.w && a.c == b.c && a.type == b.type;
}

}  // namespace

extern "C" void nsrt_apply_view(const int8_t* in, unsigned h, unsigned w, unsigned c, nsrt_view view,
                                int8_t fill, int8_t* out) {
  const int height = static_cast<int>(h), width = static_cast<int>(w);
  for (unsigned channel = 0; channel < c; ++channel) {
    const int8_t* const plane = in + channel * h * w;
    for (int y = 0; y < height; ++y) {
      const int row = y + view.dy;
      const bool row_inside = row >= 0 && row < height;
      const int8_t* const source = plane + (row_inside ? row : 0) * width;
      for (int x = 0; x < width; ++x) {
        const int column = (view.flip ? width - 1 - x : x) + view.dx;
        *out++ = row_inside && column >= 0 && column < width ? source[column] : fill;
      }
    }
  }
}

extern "C" uint32_t nsrt_adaptive_logit_bytes(const nsrt_model* model, const nsrt_rule* rule) {
  nsrt_network_info first, info;
  if (nsrt_describe(model, rule->stages[0].network, &first) != NSRT_OK) return 0;
  for (unsigned i = 0; i < rule->max_passes; ++i) {
    const nsrt_stage& stage = rule->stages[i];
    if (nsrt_describe(model, stage.network, &info) != NSRT_OK) return 0;
    const bool fits = stage.subnet >= 1 && stage.subnet <= info.subnets && info.output.c == rule->classes &&
                      info.output.h == 1 && info.output.w == 1 && info.output.type == 1 &&
                      same_shape(info.input, first.input);
    if (!fits) return 0;
  }
  return first.output.bytes;
}

extern "C" nsrt_status nsrt_run_adaptive(const nsrt_model* model, const nsrt_rule* rule, const int8_t* input,
                                         int16_t* logits, uint32_t* work, void* arena, size_t arena_bytes,
                                         nsrt_verdict* verdict) {
  if (input == nullptr || logits == nullptr || work == nullptr || arena == nullptr) return NSRT_BAD_ARGUMENT;
  if (nsrt_check_rule(rule) != NSRT_OK || nsrt_adaptive_logit_bytes(model, rule) == 0)
    return NSRT_BAD_ARGUMENT;
  *verdict = {};
  while (true) {
    const nsrt_stage& stage = rule->stages[verdict->passes];
    nsrt_network_info info;
    nsrt_describe(model, stage.network, &info);
    if (arena_bytes < info.arena_bytes) return NSRT_ARENA_TOO_SMALL;
    int8_t* const place = nsrt_input_place(model, stage.network, arena);
    nsrt_apply_view(input, info.input.h, info.input.w, info.input.c, stage.view, info.input_zero_point,
                    place);
    const nsrt_status status =
        nsrt_run(model, stage.network, stage.subnet, place, logits, arena, arena_bytes, nullptr);
    if (status != NSRT_OK) return status;
    if (nsrt_add_stage(rule, work, logits, verdict)) return NSRT_OK;
  }
}
