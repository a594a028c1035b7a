#include "tta/subject.h"

#include "common/stop_signal.h"
#include "ns/base/error.h"
#include "ns/base/sha256.h"
#include "ns/checkpoint/training_data.h"
#include "ns/deploy/emulator_session.h"
#include "ns/deploy/packed_classifier.h"
#include "ns/deploy/packed_description.h"
#include "ns/deploy/packed_rule.h"
#ifdef NESTKIT_TRAINING
#include "ns/train/float_classifier.h"
#endif

ns::anytime::ScorerFactory Subject::scorer(const ns::anytime::Scoring& scoring, std::size_t stages) const {
  return packed ? ns::deploy::packed_scorer(scoring, classifier->classes(), stages)
                : ns::anytime::float_scorer(scoring, classifier->classes());
}

void Subject::count_instructions(const std::string& firmware) {
  if (!packed) {
    throw ns::usage_error("--target emulator: " + path + " is no packed model", "pack it with ns-pack");
  }
  ns::deploy::EmulatorOptions options;
  options.elf = firmware;
  cost_unit = "instructions";
  costs.clear();
  for (const ns::deploy::SubnetCost& cost :
       ns::deploy::EmulatorSession(*packed, options).measure_speed(0, [](std::size_t) {
         throw_if_stopped();
       }))
    costs.push_back(static_cast<double>(cost.total));
}

namespace {

Subject open_model(const std::string& path, const ns::data::Dataset& dataset, int threads) {
  Subject subject{path, ns::sha256_hex_of_file(path), nullptr, nullptr};
  if (ns::deploy::is_packed_model(path)) {
    subject.packed = std::make_unique<ns::deploy::PackedModel>(path);
    if (subject.packed->rule() != nullptr)
      throw ns::input_error(path + ": is a cooperative model, which has its own stages and rule",
                            "ns-bench runs it as it is");
    subject.classifier = std::make_unique<ns::deploy::PackedClassifier>(*subject.packed, dataset,
                                                                        static_cast<unsigned>(threads));
    subject.held_out = ns::checkpoint::training_data(describe(*subject.packed).config, path).held_out;
    return subject;
  }
#ifdef NESTKIT_TRAINING
  auto classifier = std::make_unique<ns::train::FloatClassifier>(path, dataset);
  subject.held_out = classifier->held_out();
  subject.classifier = std::move(classifier);
  return subject;
#else
  throw ns::usage_error(path + ": this build has no float networks, only packed models (.nsm)",
                        "build with -DNESTKIT_TRAINING=ON");
#endif
}

}  // namespace

Subject open_subject(const std::string& path, const ns::data::Dataset& dataset, int threads) {
  Subject subject = open_model(path, dataset, threads);
  for (int k = 1; k <= subject.classifier->subnets(); ++k)
    subject.costs.push_back(subject.classifier->macs(k));
  return subject;
}
