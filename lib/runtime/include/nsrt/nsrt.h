/* nestkit runtime, C API: runs packed models (.nsm) on a Cortex-M7 or any host, without heap, stdio or libm.
 *
 *   static uint8_t arena[64 * 1024] __attribute__((aligned(16)));
 *   nsrt_model model;
 *   if (nsrt_open(&model, flash_address, flash_bytes).status != NSRT_OK) ...
 *   int16_t logits[10];
 *   nsrt_run(&model, 0, subnet, pixels, logits, arena, sizeof arena, NULL);
 */
#ifndef NSRT_NSRT_H
#define NSRT_NSRT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum nsrt_status {
  NSRT_OK = 0,
  NSRT_TRUNCATED, /* shorter than its header says, or than any header */
  NSRT_BAD_MAGIC,
  NSRT_BAD_VERSION,
  NSRT_BAD_HEADER,        /* header CRC or a header field */
  NSRT_UNKNOWN_FEATURE,   /* a required feature this build does not have */
  NSRT_BAD_SECTION_TABLE, /* table CRC, order, alignment, bounds, hole, reserved byte */
  NSRT_BAD_PADDING,
  NSRT_BAD_SECTION_CRC,
  NSRT_BAD_NETWORK,  /* NETW */
  NSRT_BAD_TENSOR,   /* TENS */
  NSRT_BAD_OPERATOR, /* OPER: kinds, shapes, graph, memory plan */
  NSRT_BAD_WEIGHTS,  /* WDEN or WNCS */
  NSRT_BAD_REQUANT,  /* REQT */
  NSRT_BAD_TEST,     /* TEST */
  NSRT_MISALIGNED,   /* file or arena not aligned to 16 bytes */
  NSRT_BAD_ARGUMENT, /* no such network or subnet, or a null buffer */
  NSRT_ARENA_TOO_SMALL,
  NSRT_OLD_PLAN,    /* OPER: planned for kernels that need less scratch than this build's */
  NSRT_BAD_STAGES,  /* STGS */
  NSRT_NO_KERNEL,   /* OPER, DETC: a sound model, but the program has not linked an operator's kernel
                       (kernels.h) or   nsrt_detect (detect.h) */
  NSRT_BAD_DETECTOR /* DETC */
} nsrt_status;

/* What went wrong and where: `offset` of the field or byte in the file; `index` counts what lies there:
 * sections for the container, subnets in NETW and in tables without rows, tensors in TENS, operators in OPER,
 * rows in WDEN, WNCS and REQT, scales in DETC, stages (from 1) in STGS. */
typedef struct nsrt_error {
  nsrt_status status;
  uint32_t offset;
  uint32_t index;
} nsrt_error;

/* A validated model: a view of the file, which must stay in place. 16 bytes; no other state. */
typedef struct nsrt_model {
  const uint8_t* data;
  uint32_t bytes;
  uint32_t networks;
} nsrt_model;

typedef struct nsrt_tensor_info {
  uint16_t h, w, c;
  uint8_t type; /* 0 int8, 1 int16 */
  uint32_t bytes;
} nsrt_tensor_info;

typedef struct nsrt_network_info {
  uint16_t subnets, operators, tensors;
  nsrt_tensor_info input, output; /* of a detector (detect.h) all outputs, one after the other, as one row */
  int8_t input_zero_point;
  float input_scale;
  uint32_t arena_bytes;
} nsrt_network_info;

/* Checks everything (docs/format/nsm.md); on success *model may be used. `data` must be 16-byte aligned. */
nsrt_error nsrt_open(nsrt_model* model, const void* data, size_t bytes);

const char* nsrt_status_text(nsrt_status status);

nsrt_status nsrt_describe(const nsrt_model* model, unsigned network, nsrt_network_info* info);

/* Called after every operator, e.g. to read a cycle counter or to checksum the output. */
typedef void (*nsrt_observer)(void* user, unsigned op_index, const void* output, uint32_t output_bytes);

typedef struct nsrt_run_options {
  nsrt_observer observer; /* may be NULL */
  void* user;
} nsrt_run_options;

/* Runs subnet 1…N of a network on planar int8 input (CHW; images: pixel − 128). `output` receives
 * output.bytes bytes (int16 logits in units of 1/256 for classifiers). `arena` must be 16-byte aligned and
 * hold arena_bytes; its contents are scratch between calls. `input` may lie in the arena at the input
 * tensor's place (nsrt_input_place) and is then not copied. `options` may be NULL. */
nsrt_status nsrt_run(const nsrt_model* model, unsigned network, unsigned subnet, const int8_t* input,
                     void* output, void* arena, size_t arena_bytes, const nsrt_run_options* options);

/* Where the input tensor lives in `arena`, so that a camera or a stream can write it in place. NULL for a bad
 * network. */
int8_t* nsrt_input_place(const nsrt_model* model, unsigned network, void* arena);

/* Runs the file's own test vector on every subnet of every network. NSRT_BAD_TEST if a byte differs. */
nsrt_status nsrt_self_test(const nsrt_model* model, void* arena, size_t arena_bytes);

/* Index of the largest logit; the lowest index wins a tie. */
unsigned nsrt_argmax(const int16_t* logits, unsigned count);

#ifdef __cplusplus
}
#endif
#endif
