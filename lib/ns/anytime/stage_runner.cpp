#include "ns/anytime/stage_runner.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <numeric>

#include "ns/base/error.h"

namespace ns::anytime {
namespace {

Seconds now() {
  timespec cpu{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
  const auto wall = std::chrono::steady_clock::now().time_since_epoch();
  return {std::chrono::duration<double>(wall).count(),
          static_cast<double>(cpu.tv_sec) + 1e-9 * static_cast<double>(cpu.tv_nsec)};
}

}  // namespace

std::string name(const Stage& stage, bool views, bool subnets) {
  const std::string subnet = "subnet " + std::to_string(stage.subnet);
  if (!views) {
    return subnet;
  }
  return stage.view.name() + (subnets ? " on " + subnet : "");
}

Seconds AdaptiveRun::total() const {
  Seconds sum;
  for (const Seconds& pass : seconds) {
    sum.wall += pass.wall;
    sum.cpu += pass.cpu;
  }
  return sum;
}

void StageRunner::run_stage(const Stage& stage, std::span<const std::uint32_t> samples,
                            std::span<float> logits, const Progress& progress) {
  const auto image = static_cast<std::size_t>(dataset_.shape.size());
  const auto fill = static_cast<std::uint8_t>(dataset_.normalisation.mean_pixel);
  Classifier& classifier = *classifiers_.at(stage.network);
  const std::size_t classes = this->classes(), batch = classifier.batch();
  std::vector<std::uint8_t> views(std::min(batch, samples.size()) * image);
  for (std::size_t first = 0; first < samples.size(); first += batch) {
    const std::size_t count = std::min(batch, samples.size() - first);
    for (std::size_t i = 0; i < count; ++i) {
      stage.view.apply(dataset_.image(samples[first + i]), dataset_.shape, fill,
                       std::span(views).subspan(i * image, image));
    }
    classifier.run(stage.subnet, std::span(views).first(count * image),
                   logits.subspan(first * classes, count * classes));
    done_ += count;
    if (progress) {
      progress(done_);
    }
  }
}

AdaptiveRun StageRunner::run(std::span<const Stage> stages, const StoppingRule& rule,
                             const ScorerFactory& scorer, bool keep_logits, const Progress& progress) {
  if (rule.max_passes < 1 || rule.max_passes > stages.size()) {
    throw internal_error("a stopping rule of more passes than there are stages");
  }
  const std::size_t n = dataset_.size(), classes = this->classes();
  AdaptiveRun result;
  result.logits = {n, classes, {}};
  result.outcome = {std::vector<Verdict>(n), std::vector<std::uint16_t>(n)};
  std::vector<std::unique_ptr<Scorer>> scorers;
  for (std::size_t i = 0; i < n; ++i) {
    scorers.push_back(scorer());
  }
  std::vector<std::uint32_t> undecided(n), next;
  std::iota(undecided.begin(), undecided.end(), 0u);
  done_ = 0;
  for (std::size_t pass = 1; !undecided.empty(); ++pass) {
    const Seconds begin = now();
    std::vector<float> logits(undecided.size() * classes);
    run_stage(stages[pass - 1], undecided, logits, progress);
    next.clear();
    for (std::size_t i = 0; i < undecided.size(); ++i) {
      const std::uint32_t sample = undecided[i];
      const Verdict verdict = scorers[sample]->add(std::span(logits).subspan(i * classes, classes));
      if (rule.stops(pass, verdict)) {
        result.outcome.verdicts[sample] = verdict;
        result.outcome.passes[sample] = static_cast<std::uint16_t>(pass);
      } else {
        next.push_back(sample);
      }
    }
    const Seconds end = now();
    result.seconds.push_back({end.wall - begin.wall, end.cpu - begin.cpu});
    if (keep_logits) {
      std::vector<float>& all = result.logits.stages.emplace_back(n * classes);
      for (std::size_t i = 0; i < undecided.size(); ++i) {
        std::copy_n(logits.begin() + static_cast<std::ptrdiff_t>(i * classes), classes,
                    all.begin() + static_cast<std::ptrdiff_t>(undecided[i] * classes));
      }
    }
    std::swap(undecided, next);
  }
  return result;
}

StageLogits StageRunner::all_logits(std::span<const Stage> stages, const Progress& progress) {
  StageLogits result{dataset_.size(), classes(), {}};
  std::vector<std::uint32_t> everything(dataset_.size());
  std::iota(everything.begin(), everything.end(), 0u);
  done_ = 0;
  for (const Stage& stage : stages) {
    run_stage(stage, everything, result.stages.emplace_back(result.samples * result.classes), progress);
  }
  return result;
}

}  // namespace ns::anytime
