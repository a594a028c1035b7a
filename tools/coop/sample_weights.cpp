#include "coop/sample_weights.h"

#include "common/progress.h"
#include "common/stop_signal.h"
#include "ns/anytime/track.h"
#include "ns/data/catalog.h"
#include "ns/deploy/packed_rule.h"

using namespace ns::anytime;

std::string sample_weight_lines(const CoopOptions& o, const Partners& partners) {
  const ns::data::Dataset images =
      ns::data::load_dataset(o.data.data, o.data.data_dir, ns::data::Part::kTrain);
  const std::vector<Stage> stages = partners.stages_only();
  const std::vector<Stage> asked{stages[partners.baseline() - 1]};
  ::Progress bar("training images", "images", progress_mode(o.progress));
  const StageLogits logits = StageRunner(partners.runners(), images).all_logits(asked, [&](std::size_t done) {
    throw_if_stopped();
    bar.update(static_cast<std::int64_t>(done), static_cast<std::int64_t>(images.size()));
  });
  bar.clear();
  const std::vector<std::size_t> first{0};
  const Tracks tracks =
      track(logits, first,
            ns::deploy::packed_scorer({Aggregate::kReplace, Confidence::kMaxProbability, {}},
                                      partners.classes(), 1));
  double unsure = 0;
  for (std::size_t i = 0; i < images.size(); ++i) unsure += 1 - tracks.at(i, 0).probability;
  const double mean = unsure / static_cast<double>(images.size());
  std::string lines;
  for (std::size_t i = 0; i < images.size(); ++i) {
    const double share = mean > 0 ? (1 - tracks.at(i, 0).probability) / mean : 1;
    lines += std::to_string(0.5 + 0.5 * share) + "\n";
  }
  return lines;
}
