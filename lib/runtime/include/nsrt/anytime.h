/* nestkit runtime, C API of anytime prediction: class scores of one input arrive stage by stage (views of the
 * image, subnets, members of an ensemble, partners), are aggregated, and a rule says when to stop. Integers
 * only, the same on every core (docs/numerics.md).
 *
 *   static uint32_t work[NSRT_AGGREGATE_WORDS(10, 4)];
 *   int16_t logits[10];
 *   nsrt_verdict verdict;
 *   nsrt_run_adaptive(&model, &rule, pixels, logits, work, arena, sizeof arena, &verdict);
 *
 * A cooperative model brings its rule: nsrt_model_rule(&model, &rule).
 */
#ifndef NSRT_ANYTIME_H
#define NSRT_ANYTIME_H

#include "nsrt/nsrt.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NSRT_ONE 65536u        /* probabilities and scores: 1.0 */
#define NSRT_WEIGHTS_SUM 4096u /* weights of all stages together are at most this */
#define NSRT_MOST_STAGES 64

typedef enum nsrt_aggregate {
  NSRT_MEAN_PROBABILITY = 0, /* weighted mean of the stages' probabilities */
  NSRT_MEAN_LOGIT = 1,       /* probabilities of the mean logits */
  NSRT_GEOMETRIC = 2, /* geometric mean of probabilities, as it is: below 1 in all where stages differ */
  NSRT_MAX = 3,       /* per class the largest probability, then scaled to a sum of 1 */
  NSRT_VOTE = 4,      /* fraction of stages whose answer it is */
  NSRT_REPLACE = 5    /* the last stage's probabilities */
} nsrt_aggregate;

typedef enum nsrt_confidence {
  NSRT_MAX_PROBABILITY = 0, /* of the answer */
  NSRT_MARGIN = 1,          /* answer's probability less the runner-up's */
  NSRT_ENTROPY = 2,         /* 1 - entropy / ln(classes), not below 0 */
  NSRT_INTERVAL = 3 /* t^2 of the paired difference between answer and runner-up over the stages; 0 if it
                       is not positive or after one stage; in units of 1/65536, saturated */
} nsrt_confidence;

/* A view that needs no resampling: out(y, x) = in(y + dy, x + dx), the zero point outside the image, then
 * mirrored if `flip`. */
typedef struct nsrt_view {
  int16_t dy, dx;
  uint16_t flip;
} nsrt_view;

typedef struct nsrt_stage {
  uint16_t network, subnet;
  nsrt_view view;
  uint32_t weight; /* at least 1; equal weights: 1 each */
} nsrt_stage;

/* Stop after stage n (counted from 1) if n >= max_passes, or if n >= min_passes and the score reaches
 * thresholds[(n - 1) % rows * columns + answer % columns]: one for all, one per class, or one per stage. */
typedef struct nsrt_rule {
  const nsrt_stage* stages; /* max_passes of them */
  const uint32_t* thresholds;
  uint16_t threshold_rows, threshold_columns; /* 1 or max_passes; 1 or classes */
  uint16_t classes, min_passes, max_passes;
  uint8_t aggregate, confidence;
} nsrt_rule;

typedef struct nsrt_verdict {
  uint16_t answer, passes; /* class, the lowest of equals (after one stage: that stage's); stages seen */
  uint32_t score;          /* the rule's confidence */
  uint32_t probability;    /* the aggregate's, of the answer */
} nsrt_verdict;

/* Working memory for `classes` classes and at most `passes` stages. */
#define NSRT_AGGREGATE_WORDS(classes, passes) ((2 + (passes)) * (classes))

/* NSRT_BAD_ARGUMENT for a rule whose numbers do not make sense; stages' networks and subnets are checked by
 * nsrt_run_adaptive. */
nsrt_status nsrt_check_rule(const nsrt_rule* rule);

/* Takes the int16 logits (1/256) of stage `verdict->passes` (0 before the first) and updates the verdict.
 * Returns 1 when the rule says stop. `work` holds NSRT_AGGREGATE_WORDS(classes, max_passes) words and lives
 * from the first stage of an input to its last. The rule must have passed nsrt_check_rule. */
int nsrt_add_stage(const nsrt_rule* rule, uint32_t* work, const int16_t* logits, nsrt_verdict* verdict);

/* Planar int8 input (CHW) as a stage sees it; in and out must not overlap. */
void nsrt_apply_view(const int8_t* in, unsigned h, unsigned w, unsigned c, nsrt_view view, int8_t fill,
                     int8_t* out);

/* The stages and the stopping rule of a cooperative model: a view of the file. NSRT_BAD_ARGUMENT if the model
 * has none. All stages take the same input, and nsrt_open has checked that they exist. */
nsrt_status nsrt_model_rule(const nsrt_model* model, nsrt_rule* rule);

/* Bytes of `logits` that nsrt_run_adaptive needs: the largest output of the rule's stages; 0 if a stage names
 * what is not in the model, has another number of classes or another input than the first. */
uint32_t nsrt_adaptive_logit_bytes(const nsrt_model* model, const nsrt_rule* rule);

/* Runs the stages one after the other until the rule says stop. `input` must not lie in the arena; `arena` as
 * for nsrt_run, large enough for each of the networks; `logits` holds nsrt_adaptive_logit_bytes. */
nsrt_status nsrt_run_adaptive(const nsrt_model* model, const nsrt_rule* rule, const int8_t* input,
                              int16_t* logits, uint32_t* work, void* arena, size_t arena_bytes,
                              nsrt_verdict* verdict);

#ifdef __cplusplus
}
#endif
#endif
