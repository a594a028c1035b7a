/* nestkit runtime, C API of object detection: from the outputs of a packed single-shot detector to boxes.
 * Integers only, the same on every core (docs/numerics.md).
 *
 *   static int8_t outputs[...];                        // nsrt_network_info's output.bytes
 *   static nsrt_detection found[...];                  // nsrt_detector's candidates
 *   uint32_t count;
 *   nsrt_run(&model, 0, subnet, pixels, outputs, arena, sizeof arena, NULL);
 *   nsrt_detect(&model, 0, subnet, outputs, found, &count);
 *
 * A program that calls neither of the two functions here does not link them, and nsrt_open then refuses
 * detectors with NSRT_NO_KERNEL.
 */
#ifndef NSRT_DETECT_H
#define NSRT_DETECT_H

#include "nsrt/nsrt.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NSRT_BOX_ONE 32768u /* 1.0 of coordinates (the image's width or height), scores and overlaps */

/* Corners, 0…NSRT_BOX_ONE: x0 <= x1, y0 <= y1. `label` counts classes from 0, without the background. */
typedef struct nsrt_detection {
  uint16_t x0, y0, x1, y1, label, score;
} nsrt_detection;

typedef struct nsrt_detector {
  uint16_t scales, classes; /* without the background */
  uint16_t candidates;      /* room that nsrt_detect needs */
  uint16_t least_score;     /* of a candidate */
  uint16_t most_overlap;    /* intersection over union of two boxes of a class that both stay */
} nsrt_detector;

/* NSRT_BAD_ARGUMENT for a bad network and for one that is no detector. */
nsrt_status nsrt_describe_detector(const nsrt_model* model, unsigned network, nsrt_detector* detector);

/* From what nsrt_run wrote for this subnet. `found` has room for `candidates`; the boxes come first, by
 * falling score, the rest of `found` is scratch. NSRT_BAD_ARGUMENT as above and for a bad subnet. */
nsrt_status nsrt_detect(const nsrt_model* model, unsigned network, unsigned subnet, const int8_t* outputs,
                        nsrt_detection* found, uint32_t* count);

#ifdef __cplusplus
}
#endif
#endif
