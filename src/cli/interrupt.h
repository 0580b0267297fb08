#pragma once

#include <atomic>

namespace hark::cli {

// The flag that ends a run early, as if its input had ended. The first Ctrl-C sets it, so that what
// is known until then can be shown; the second one ends the program at once. Anyone else may set it
// too. It lives as long as the program.
std::atomic<bool>& StopOnInterrupt();

}  // namespace hark::cli
