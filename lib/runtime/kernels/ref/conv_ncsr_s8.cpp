#include "kernels/ref/ncsr_walk.h"
#include "kernels/ref/nested.h"

namespace nsrt::ref {

void conv_ncsr_s8(const Window& w, const NestedCsr& csr, const Requant& requant, const std::int8_t* in,
                  std::int8_t* out, void*) {
  conv_nested(w, NcsrRows(csr), requant, in, out);
}

}  // namespace nsrt::ref
