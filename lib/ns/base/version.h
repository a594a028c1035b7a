#pragma once

namespace ns {

/// "0.1.0", the project version of CMakeLists.txt.
const char* version();

}  // namespace ns
