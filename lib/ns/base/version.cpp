#include "ns/base/version.h"

namespace ns {

const char* version() {
  return NESTKIT_VERSION;
}

}  // namespace ns
