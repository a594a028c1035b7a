#include "kernels/ref/nested.h"
#include "kernels/rice.h"

namespace nsrt::ref {
namespace {

class Rows {
 public:
  explicit Rows(const NestedRice& rice) : rows_(rice) {}
  std::uint32_t block() const { return rows_.block(); }
  template <class Visit>
  void visit_row(Visit visit) const {
    RiceRows(rows_).take_row(visit);
  }
  void next_row() {
    rows_.take_row([](std::uint32_t, const std::int8_t*) {});
  }

 private:
  RiceRows rows_;
};

}  // namespace

void conv_rice_s8(const Window& w, const NestedRice& rice, const Requant& requant, const std::int8_t* in,
                  std::int8_t* out, void*) {
  conv_nested(w, Rows(rice), requant, in, out);
}

void linear_rice_s8(std::uint32_t inputs, std::uint32_t units, const NestedRice& rice, const Requant& requant,
                    const std::int8_t* in, std::int8_t* out8, std::int16_t* out16) {
  linear_nested(inputs, units, Rows(rice), requant, in, out8, out16);
}

}  // namespace nsrt::ref
