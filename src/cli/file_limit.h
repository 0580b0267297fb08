#pragma once

namespace hark::cli {

// Lets the process open as many files as it may: logs of one time are open together, and the usual
// soft limit is 1,024. A limit that cannot be raised shows when a file cannot be opened.
void AllowManyFiles();

}  // namespace hark::cli
