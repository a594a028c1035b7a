// Which boxes of a detector are looked at more closely.
#pragma once

#include "nsrt/detect.h"

namespace nsrt {

/// The best candidates so far: a heap whose root is the worst of them. Until all are found, `label` is the
/// place of a candidate in the order of equal ones, counted down, so that `score` and `label` are one number.
class Candidates {
 public:
  Candidates(nsrt_detection* found, std::uint32_t room, std::uint32_t least_score)
      : found_(found), room_(room), least_(least_score) {}

  /// The least score that a candidate later than all so far must have to be among the best.
  std::uint32_t least() const { return least_; }
  std::uint32_t count() const { return count_; }

  /// Of at least this score.
  void add(std::uint32_t score, std::uint32_t number) {
    const std::uint32_t key = score << 16 | (kLastNumber - number);
    if (count_ < room_) {
      put(count_++, key);
      if (count_ < room_) return;
      make_heap();
    } else {
      sift(0, key, count_);
    }
    least_ = (key_of(0) >> 16) + 1;
  }

  /// By falling score, of equal ones the earlier first.
  void sort() {
    if (count_ < room_) make_heap();
    for (std::uint32_t end = count_; end-- > 1;) {
      const std::uint32_t last = key_of(end);
      put(end, key_of(0));
      sift(0, last, end);
    }
  }

  static std::uint32_t number(const nsrt_detection& candidate) { return kLastNumber - candidate.label; }

 private:
  static constexpr std::uint32_t kLastNumber = UINT16_MAX;  // of a candidate: a byte of the outputs for each

  // A load.
  [[gnu::always_inline]] std::uint32_t key_of(std::uint32_t at) const {
    return static_cast<std::uint32_t>(found_[at].score) << 16 | found_[at].label;
  }
  void put(std::uint32_t at, std::uint32_t key) {
    found_[at].label = static_cast<std::uint16_t>(key);
    found_[at].score = static_cast<std::uint16_t>(key >> 16);
  }
  void make_heap() {
    for (std::uint32_t at = count_ / 2; at-- > 0;) sift(at, key_of(at), count_);
  }
  /// Puts a key where `at` is or below it, in the heap of the first `end`.
  void sift(std::uint32_t at, std::uint32_t key, std::uint32_t end) {
    for (std::uint32_t child; (child = 2 * at + 1) < end; at = child) {
      std::uint32_t least = key_of(child);
      if (child + 1 < end && key_of(child + 1) < least) least = key_of(++child);
      if (key < least) break;
      put(at, least);
    }
    put(at, key);
  }

  nsrt_detection* found_;
  std::uint32_t room_, least_, count_ = 0;
};

}  // namespace nsrt
