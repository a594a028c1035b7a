// adapt [RULE] INPUTS OUTPUTS
// RULE: what ns::deploy::PackedRule::bytes writes; without it the rule that a cooperative model brings.
// INPUTS: input tensors, one after the other. OUTPUTS: for each the verdict: u16 answer, u16 passes, u32
// score, u32 probability, and u32 instructions (little-endian): views, networks and rule; 0 where the board
// cannot count.
#include "firmware/apps/apps.h"
#include "nsrt/anytime.h"

namespace app {
namespace {

constexpr unsigned kMostWords = 1024, kHeaderWords = 7, kStageWords = 6;
std::uint32_t words[kMostWords];
nsrt_stage stages[NSRT_MOST_STAGES];

bool read_rule(const char* path, nsrt_rule* rule) {
  const int file = board::open_for_reading(path);
  if (file < 0) return false;
  const std::size_t count = board::read(file, words, sizeof words) / sizeof words[0];
  board::close(file);
  if (count < kHeaderWords || words[2] > NSRT_MOST_STAGES) return false;
  *rule = {};
  rule->classes = static_cast<std::uint16_t>(words[0]);
  rule->min_passes = static_cast<std::uint16_t>(words[1]);
  rule->max_passes = static_cast<std::uint16_t>(words[2]);
  rule->aggregate = static_cast<std::uint8_t>(words[3]);
  rule->confidence = static_cast<std::uint8_t>(words[4]);
  rule->threshold_rows = static_cast<std::uint16_t>(words[5]);
  rule->threshold_columns = static_cast<std::uint16_t>(words[6]);
  const std::uint32_t* word = words + kHeaderWords;
  for (unsigned i = 0; i < rule->max_passes; ++i, word += kStageWords) {
    stages[i] = {static_cast<std::uint16_t>(word[0]),
                 static_cast<std::uint16_t>(word[1]),
                 {static_cast<std::int16_t>(word[2]), static_cast<std::int16_t>(word[3]),
                  static_cast<std::uint16_t>(word[4])},
                 word[5]};
  }
  rule->stages = stages;
  rule->thresholds = word;
  const std::size_t needed = kHeaderWords + std::size_t{kStageWords} * rule->max_passes +
                             std::size_t{rule->threshold_rows} * rule->threshold_columns;
  return count == needed && nsrt_check_rule(rule) == NSRT_OK;
}

struct Places {
  std::uint8_t* arena;
  std::int8_t* input;
  std::int16_t* logits;
  std::uint32_t* work;
  std::size_t arena_bytes;
};

std::size_t round_up(std::size_t bytes) {
  return (bytes + 15) / 16 * 16;
}

// The board's memory: the largest arena of the stages' networks, then input, logits and working memory.
bool divide_memory(const nsrt_model& model, const nsrt_rule& rule, Places* places) {
  std::size_t arena = 0, input = 0;
  for (unsigned i = 0; i < rule.max_passes; ++i) {
    nsrt_network_info info;
    nsrt_describe(&model, rule.stages[i].network, &info);
    arena = info.arena_bytes > arena ? info.arena_bytes : arena;
    input = info.input.bytes;
  }
  const std::size_t logits = round_up(nsrt_adaptive_logit_bytes(&model, &rule));
  const std::size_t work =
      NSRT_AGGREGATE_WORDS(std::size_t{rule.classes}, rule.max_passes) * sizeof(std::uint32_t);
  const board::Region memory = board::arena();
  arena = round_up(arena);
  input = round_up(input);
  if (memory.bytes < arena + input + logits + work) return false;
  *places = {memory.data, reinterpret_cast<std::int8_t*>(memory.data + arena),
             reinterpret_cast<std::int16_t*>(memory.data + arena + input),
             reinterpret_cast<std::uint32_t*>(memory.data + arena + input + logits), arena};
  return true;
}

int run_all(const nsrt_model& model, const nsrt_rule& rule, int inputs, int outputs) {
  Places places;
  if (!divide_memory(model, rule, &places)) return refuse(NSRT_ARENA_TOO_SMALL);
  nsrt_network_info info;
  nsrt_describe(&model, rule.stages[0].network, &info);
  while (true) {
    const std::size_t bytes = board::read(inputs, places.input, info.input.bytes);
    if (bytes == 0) return kDone;
    if (bytes != info.input.bytes) return kFileError;
    struct {
      nsrt_verdict verdict;
      std::uint32_t instructions;
    } result{};
    const std::uint64_t begin = board::counter();
    const nsrt_status status = nsrt_run_adaptive(&model, &rule, places.input, places.logits, places.work,
                                                 places.arena, places.arena_bytes, &result.verdict);
    const std::uint64_t instructions = board::instructions(board::counter() - begin);
    if (board::counts_instructions()) result.instructions = static_cast<std::uint32_t>(instructions);
    if (status != NSRT_OK) return refuse(status);
    if (!board::write(outputs, &result, sizeof result)) return kFileError;
  }
}

}  // namespace

int adapt() {
  const board::Arguments& arguments = board::arguments();
  if (arguments.count != 3 && arguments.count != 4) return kUsage;
  nsrt_model model;
  if (!open_model(&model)) return kRefused;
  nsrt_rule rule;
  if (arguments.count == 3) {
    if (const nsrt_status status = nsrt_model_rule(&model, &rule); status != NSRT_OK) return refuse(status);
  } else if (!read_rule(arguments.word[1], &rule)) {
    return kFileError;
  }
  if (nsrt_adaptive_logit_bytes(&model, &rule) == 0) return refuse(NSRT_BAD_ARGUMENT);
  const int inputs = board::open_for_reading(arguments.word[arguments.count - 2]);
  const int outputs = board::open_for_writing(arguments.word[arguments.count - 1]);
  if (inputs < 0 || outputs < 0) return kFileError;
  const int status = run_all(model, rule, inputs, outputs);
  board::close(inputs);
  return board::close(outputs) ? status : kFileError;
}

}  // namespace app
