#include "base/diagnostics.h"

#include "gtest/gtest.h"

namespace hark {
namespace {

TEST(DiagnosticsTest, AreShownWithTheirLineSortedByPlace) {
  Diagnostics diagnostics;
  diagnostics.Warning({"b.yml", 1, 1}, "later");
  diagnostics.Error({"a.yml", 2, 4}, "here");
  diagnostics.Error({"a.yml", 0, 0}, "all of it");
  EXPECT_EQ(diagnostics.Format({{"a.yml", "one\n\ttwo\r\n"}}),
            "a.yml: error: all of it\n"
            "a.yml:2:4: error: here\n"
            "  \ttwo\n"
            "  \t  ^\n"
            "b.yml:1:1: warning: later\n");
}

TEST(DiagnosticsTest, TheCaretCountsCharactersNotBytes) {
  Diagnostics diagnostics;
  diagnostics.Error({"a.yml", 1, 5}, "x");
  EXPECT_EQ(diagnostics.Format({{"a.yml", "ö: x"}}), "a.yml:1:5: error: x\n  ö: x\n     ^\n");
}

TEST(DiagnosticsTest, WarningsAreNoErrors) {
  Diagnostics diagnostics;
  diagnostics.Warning({}, "x");
  EXPECT_FALSE(diagnostics.has_errors());
  diagnostics.Error({}, "x");
  EXPECT_TRUE(diagnostics.has_errors());
}

TEST(DiagnosticsTest, WhatWouldDeceiveATerminalIsEscaped) {
  Diagnostics diagnostics;
  diagnostics.Error({"a.yml", 1, 7}, "no \x1b[2J");
  EXPECT_EQ(diagnostics.Format({{"a.yml", "a: \x1b[m x"}}),
            "a.yml:1:7: error: no \\x1b[2J\n  a: \\x1b[m x\n           ^\n");
}

TEST(DiagnosticsTest, ALineThatMayHoldASecretIsNotShown) {
  Diagnostics diagnostics;
  diagnostics.Add({.location = {"a.yml", 1, 4}, .message = "too short", .shows_line = false});
  EXPECT_EQ(diagnostics.Format({{"a.yml", "a: hunter2"}}), "a.yml:1:4: error: too short\n");
}

}  // namespace
}  // namespace hark
