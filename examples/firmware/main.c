/* Classifies one image with every subnet of a packed model. */
#include <nsrt/nsrt.h>

#include "board.h"

extern const uint8_t model_begin[], model_end[];
extern const int8_t image[];

static uint8_t arena[96 * 1024] __attribute__((aligned(16)));
static int16_t logits[1000];

int main(void) {
  nsrt_model model;
  const nsrt_error error = nsrt_open(&model, model_begin, (size_t)(model_end - model_begin));
  if (error.status != NSRT_OK) {
    print("the model is refused: %s at byte %d\n", nsrt_status_text(error.status), (int)error.offset);
    return 1;
  }
  nsrt_network_info network;
  nsrt_describe(&model, 0, &network);
  if (network.arena_bytes > sizeof arena || network.output.bytes > sizeof logits ||
      network.output.type != 1) {
    print("no room for %d bytes of activations and %d bytes of output\n", (int)network.arena_bytes,
          (int)network.output.bytes);
    return 1;
  }
  for (unsigned subnet = 1; subnet <= network.subnets; ++subnet) {
    const nsrt_status status = nsrt_run(&model, 0, subnet, image, logits, arena, sizeof arena, NULL);
    if (status != NSRT_OK) {
      print("%s\n", nsrt_status_text(status));
      return 1;
    }
    const unsigned best = nsrt_argmax(logits, network.output.c);
    print("subnet %d: class %d, logit %d/256\n", subnet, best, logits[best]);
  }
  return 0;
}
