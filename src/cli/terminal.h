#pragma once

#include <cstdio>

namespace hark::cli {

bool IsTerminal(std::FILE* file);

// True if the file is a terminal that shows colours and nobody has asked for none (NO_COLOR).
bool WantsColor(std::FILE* file);

// Columns of the terminal; 120 if the file is none.
int TerminalColumns(std::FILE* file);

}  // namespace hark::cli
