#include "ns/deploy/adaptive_host.h"

#include <cstring>
#include <numeric>

#include "ns/base/error.h"
#include "ns/deploy/host_engine.h"

namespace ns::deploy {

std::vector<nsrt_verdict> run_adaptive(const PackedModel& model, const nsrt_rule& rule,
                                       std::span<const std::int8_t> inputs, unsigned threads,
                                       const Progress& progress) {
  HostEngine engine(model, threads);
  const nsrt_network_info& first = model.network(rule.stages[0].network);
  const std::size_t bytes = first.input.bytes, images = inputs.size() / bytes;
  if (inputs.size() % bytes != 0) throw internal_error("inputs are not a whole number of tensors");
  const std::size_t words = NSRT_AGGREGATE_WORDS(std::size_t{rule.classes}, rule.max_passes);
  std::vector<std::uint32_t> work(images * words);
  std::vector<nsrt_verdict> verdicts(images);
  std::vector<std::size_t> undecided(images), next;
  std::iota(undecided.begin(), undecided.end(), std::size_t{0});
  std::vector<std::int16_t> logits(rule.classes);
  const auto report = [&](std::size_t) {
    if (progress) progress(images - undecided.size());
  };
  for (unsigned pass = 0; !undecided.empty(); ++pass) {
    report(0);
    const nsrt_stage& stage = rule.stages[pass];
    const nsrt_network_info& net = model.network(stage.network, stage.subnet);
    std::vector<std::int8_t> views(undecided.size() * bytes);
    for (std::size_t i = 0; i < undecided.size(); ++i) {
      nsrt_apply_view(inputs.data() + undecided[i] * bytes, net.input.h, net.input.w, net.input.c, stage.view,
                      net.input_zero_point, views.data() + i * bytes);
    }
    const Outputs outputs = engine.run({stage.network, stage.subnet, views, 0}, report);
    next.clear();
    for (std::size_t i = 0; i < undecided.size(); ++i) {
      const std::size_t image = undecided[i];
      std::memcpy(logits.data(), outputs.output(i).data(), outputs.output_bytes);
      if (nsrt_add_stage(&rule, work.data() + image * words, logits.data(), &verdicts[image]) == 0)
        next.push_back(image);
    }
    std::swap(undecided, next);
  }
  report(0);
  return verdicts;
}

}  // namespace ns::deploy
