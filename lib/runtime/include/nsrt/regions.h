/* nestkit runtime: an arena in two memories that do not follow each other, such as DTCM and SRAM.
 *
 *   static uint8_t fast[96 * 1024] __attribute__((aligned(16), section(".dtcm")));
 *   nsrt_regions regions = {fast, nsrt_arena_cut(&model, 0, sizeof fast), sram, sizeof sram};
 *   nsrt_run_in(&model, 0, subnet, pixels, logits, &regions, NULL);
 *
 * `ns-pack --fast-ram BYTES` lays the arena out such that what is accessed most lies in its first BYTES.
 */
#ifndef NSRT_REGIONS_H
#define NSRT_REGIONS_H

#include "nsrt/nsrt.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct nsrt_regions {
  void* fast;          /* the arena's first fast_bytes bytes; 16-byte aligned; may be NULL for none */
  uint32_t fast_bytes; /* what nsrt_arena_cut returns, or any other place where nothing lies across */
  void* rest;          /* the others, from its beginning; 16-byte aligned; may be NULL if there are none */
  size_t rest_bytes;
} nsrt_regions;

/* Where a network's arena can be cut: the most bytes, at most `room`, such that no tensor and no scratch lies
 * across; all of them if they fit. 0 for a bad network. */
uint32_t nsrt_arena_cut(const nsrt_model* model, unsigned network, uint32_t room);

/* As nsrt_run and nsrt_input_place. NSRT_BAD_ARGUMENT if something lies across the cut. */
nsrt_status nsrt_run_in(const nsrt_model* model, unsigned network, unsigned subnet, const int8_t* input,
                        void* output, const nsrt_regions* regions, const nsrt_run_options* options);
int8_t* nsrt_input_place_in(const nsrt_model* model, unsigned network, const nsrt_regions* regions);

#ifdef __cplusplus
}
#endif
#endif
