// The one list of a recipe's keys: reader, writer and JSON Schema visit it. Private to this room.
#pragma once

#include "ns/train/recipe.h"

namespace ns::train {

/// Allowed values of a number.
struct Range {
  double low, high;
  bool low_excluded = false, high_excluded = false;
};

/// Calls visitor.word / text / flag / integer / number / numbers / words for every key in order. `R` is
/// Recipe or const Recipe.
template <class R, class Visitor>
void visit_fields(R& r, Visitor&& v) {
  const Range any_count{0, 1e9};
  v.word("dataset", r.dataset,
         {"fashion_mnist", "cifar10", "fer2013", "neu_det", "bccd", "coco", "fsdd", "fsdd_without_george",
          "fsdd_without_jackson", "fsdd_without_lucas", "fsdd_without_nicolas", "fsdd_without_theo",
          "fsdd_without_yweweler"},
         "Data set to train on; neu_det, bccd and coco have boxes: object detection.");
  v.text("data_dir", r.data_dir, "Folder of the data set's files; empty: its usual place.");
  v.integer("train_images", r.train_images, any_count,
            "Use only the first so many training images that are not held out; 0: all.");
  v.integer("validation_images", r.validation_images, any_count,
            "The last so many images of the training set are held out for validation.");
  v.integer("crop_padding", r.crop_padding, Range{0, 32},
            "Augmentation: random crop after padding each side by so many pixels.");
  v.flag("horizontal_flip", r.horizontal_flip, "Augmentation: mirror every other image at random.");
  v.integer("image_size", r.image_size, Range{0, 1024},
            "Detection: side of the square that images are letterboxed to; 0: the data set's own.");
  v.integer("image_channels", r.image_channels, Range{0, 3},
            "Detection: 1 (gray) or 3 (RGB); 0: the data set's own.");
  v.flag("vertical_flip", r.vertical_flip,
         "Detection, augmentation: turn every other image upside down at random.");
  v.number("smallest_window", r.smallest_window, Range{0, 1, true},
           "Detection, augmentation: half of the images become a random window with a side from this part of "
           "the image's ...");
  v.number("largest_window", r.largest_window, Range{1, 4},
           "... to this one; above 1, the image shrinks in front of the mean pixel.");
  v.number("colour_jitter", r.colour_jitter, Range{0, 1, false, true},
           "Detection, augmentation: contrast changes by up to this part, brightness by up to half of it.");

  v.text("arch", r.arch, "Built-in architecture; empty when \"graph\" is given.");
  v.text("graph", r.graph, "Path of a network in JSON (nestkit.graph/1) instead of \"arch\".");
  v.number("width", r.width, Range{0, 16, true},
           "Multiplies the channels of \"arch\"; ignored with \"graph\".");
  v.integer("activation_bits", r.activation_bits, Range{1, nn::kMaxSignBits},
            "Binary \"arch\": bits of the activations that binary convolutions read.");
  v.word("estimator", r.estimator, {"clipped", "polynomial"},
         "Binary \"arch\": what stands for the derivative of a sign, docs/format/graph.md.");
  v.flag("activation_shift", r.activation_shift,
         "Binary \"arch\": a learnt shift per channel before every sign.");
  v.flag("shortcuts", r.shortcuts,
         "nin_binary: a shortcut around every binary layer that keeps its shape; binary ResNets have theirs "
         "always.");
  v.flag("weight_scaling", r.weight_scaling,
         "Binary \"arch\": every binary filter is scaled by the mean magnitude of its latent weights.");

  v.word("ensemble", r.ensemble, {"none", "tentacle", "bagging", "boosting"},
         "tentacle: members on a shared stem, merged before one classifier, trained as one network; bagging, "
         "boosting: whole networks, each trained on a sample of the images (bin-ensemble train).");
  v.integer("members", r.members, Range{1, 32}, "Networks or branches of the ensemble; 1 without one.");
  v.text("split", r.split,
         "tentacle: last layer, or block of layers, that the members share; \"input\": none; empty: the last "
         "before the first binary layer.");
  v.word("merge", r.merge, {"concat", "add", "weights"},
         "tentacle: what the classifier reads: all members' features, their sum, or their sum with learnt "
         "weights.");
  v.number("diversity", r.diversity, Range{0, 100},
           "tentacle: weight in the loss of the mean cosine between the members' features.");

  v.word("method", r.method, {"dense", "nested", "slimmable", "gated"},
         "dense; nested: dense warm-up, gradual nested pruning, fine-tuning; slimmable: all widths in every "
         "step; or gated: channels chosen image by image, all ratios in every step.");
  v.numbers("widths", r.widths, Range{0, 1, true}, nested::kMaxSubnets,
            "slimmable: share of the channels that each subnet has, rounded to multiples of 4, falling from "
            "1: the widest first.");
  v.numbers("gate_ratios", r.gate_ratios, Range{0, 1, true}, nested::kMaxSubnets,
            "gated: share of a gated convolution's channels that each subnet computes, falling: the most "
            "first. Gated are the convolutions that are no dense_layers.");
  v.number("saliency_penalty", r.saliency_penalty, Range{0, 1},
           "gated: L1 penalty on the predicted saliencies of channels.");
  v.integer("epochs", r.epochs, Range{1, 100000}, "Passes over the training images, all phases together.");
  v.integer("batch_size", r.batch_size, Range{1, 65536}, "Images per optimiser step.");
  v.number("learning_rate", r.learning_rate, Range{0, 100, true}, "Peak learning rate.");
  v.word("schedule", r.schedule, {"cosine", "constant", "multi_step"}, "Learning rate after the warm-up.");
  v.numbers("milestones", r.milestones, Range{0, 100000, true}, 100,
            "multi_step: epochs done, increasing, after each of which the learning rate falls.");
  v.number("milestone_factor", r.milestone_factor, Range{0, 1, true},
           "multi_step: what the learning rate is multiplied by at a milestone.");
  v.integer("warmup_epochs", r.warmup_epochs, Range{0, 100000},
            "Epochs over which the learning rate rises linearly to its peak.");
  v.word("optimizer", r.optimizer, {"sgd", "adam"}, "SGD with momentum, or Adam.");
  v.number("momentum", r.momentum, Range{0, 1, false, true}, "Momentum of SGD.");
  v.flag("nesterov", r.nesterov, "Nesterov's form of momentum.");
  v.numbers("betas", r.betas, Range{0, 1, false, true}, 2,
            "Adam: decay of the averages of the gradient and of its square.");
  v.number("weight_decay", r.weight_decay, Range{0, 1},
           "L2 penalty on weights, not on biases and batch-norm.");
  v.number("label_smoothing", r.label_smoothing, Range{0, 1, false, true},
           "Share of the target spread evenly over all classes.");
  v.word("first_stage", r.first_stage, {"none", "real_activations", "real_weights"},
         "What stays real in the first epochs: activations (clipped to -1 and 1), or binary weights.");
  v.integer("first_stage_epochs", r.first_stage_epochs, Range{0, 100000},
            "Epochs of the first stage; 0 without one.");
  v.integer("seed", r.seed, Range{0, 9007199254740991.0}, "Seed of every random choice.");
  v.integer("threads", r.threads, Range{0, 256},
            "Threads of the training engine; 0: one per core. A run repeats exactly at the same number.");
  v.word("precision", r.precision, {"float32", "bfloat16"},
         "How convolutions multiply in training; bfloat16 is faster, but only for processors with "
         "AVX512_BF16.");

  v.numbers("sparsities", r.sparsities, Range{0, 1, true, true}, nested::kMaxSubnets,
            "Fraction of each pruned layer's weights that the subnets lack, increasing: the densest first.");
  v.word("block", r.block, {"1x1", "1x2", "1x4"}, "Adjacent input channels that are pruned together.");
  v.words(
      "dense_layers", r.dense_layers,
      "Layers that are not pruned, or get no gate: names, or the roles first_conv, depthwise, classifier.");
  v.word("allocation", r.allocation, {"uniform", "erk", "global", "cost", "flash"},
         "How kept weights are shared out among layers: the same sparsity in each; or only in total: "
         "Erdos-Renyi kernel, magnitude; or magnitude within a budget of instructions, or of flash.");
  v.number("cost_budget", r.cost_budget, Range{0, 10, true},
           "Allocation cost: estimated instructions allowed, flash: weights, over those of the uniform "
           "allocation.");
  v.integer("prune_start_epoch", r.prune_start_epoch, Range{0, 100000},
            "Epoch before which the network is dense.");
  v.integer("prune_end_epoch", r.prune_end_epoch, Range{0, 100000},
            "Epoch at which the final sparsities are reached and frozen.");
  v.integer("prune_every_steps", r.prune_every_steps, Range{1, 1000000},
            "Optimiser steps between two changes of the masks.");
  v.word(
      "routing", r.routing, {"sum", "mean", "sparsest", "densest", "agree"},
      "Which subnets' gradients reach a shared weight: all, their mean, one subnet's, or those whose sign is "
      "their sum's.");
  v.numbers(
      "loss_weights", r.loss_weights, Range{0, 100, true}, nested::kMaxSubnets,
      "What each subnet's loss counts, in the order of sparsities, widths or gate_ratios; empty: all 1.");
  v.number("distillation_weight", r.distillation_weight, Range{0, 1},
           "Share of distillation in the loss: of a dense network or the densest subnet from --teacher if "
           "there is one, of the other subnets from the densest.");
  v.number("distillation_temperature", r.distillation_temperature, Range{0, 100, true},
           "Temperature of the distillation.");
  v.word("batch_norm", r.batch_norm, {"per_subnet", "shared"},
         "Nested: each subnet has its own batch-norm, or all train one.");

  v.number("weight_average", r.weight_average, Range{0, 1, false, true},
           "Decay per step of a running average of the weights, which is what is validated and saved in the "
           "end; it begins anew whenever masks change; 0: the weights themselves.");
  v.integer(
      "recalibration_images", r.recalibration_images, any_count,
      "Recompute the final batch-norm statistics of every subnet on so many training images; 0: keep the "
      "running averages.");
  v.integer("checkpoint_every_epochs", r.checkpoint_every_epochs, Range{0, 100000},
            "Epochs between resumable checkpoints; 0: only when interrupted.");
}

}  // namespace ns::train
