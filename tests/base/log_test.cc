#include "base/log.h"

#include <cmath>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "simdjson.h"

#include "support/captured_file.h"
#include "support/fake_clock.h"
#include "support/hostile_texts.h"

namespace hark {
namespace {

using ::hark::testing::CapturedFile;
using ::hark::testing::FakeClock;
using ::testing::HasSubstr;
using ::testing::Not;

class LogTest : public ::testing::Test {
 protected:
  Logger::Options Options(LogFormat format) {
    return {.format = format, .file = file_.file(), .clock = &clock_};
  }

  static LogMessage Warning(std::string_view about = {}) {
    return {.level = LogLevel::kWarning, .key = "k", .text = "It happened.", .about = about};
  }

  std::vector<std::string> Lines() {
    std::vector<std::string> lines;
    const std::string text = file_.text();
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      lines.push_back(text.substr(at, end - at));
      at = end == std::string::npos ? text.size() : end + 1;
    }
    return lines;
  }

  CapturedFile file_;
  FakeClock clock_;
};

TEST_F(LogTest, WritesALineForPeople) {
  Logger log(Options(LogFormat::kText));
  log.Write(Warning(), {{"source", "a b"}, {"n", std::int64_t{-3}}, {"ok", false}, {"s", 1.5}});
  EXPECT_EQ(file_.text(),
            "2026-11-23T18:04:22.000000Z warning k: It happened. source=\"a b\" n=-3 ok=false "
            "s=1.500\n");
}

TEST_F(LogTest, WritesAJsonObject) {
  Logger log(Options(LogFormat::kJson));
  log.Write(Warning(), {{"source", "a b"}, {"n", std::uint64_t{3}}, {"bad", std::nan("")}});
  EXPECT_EQ(file_.text(),
            "{\"time\":\"2026-11-23T18:04:22.000000Z\",\"level\":\"warning\",\"key\":\"k\","
            "\"message\":\"It happened.\",\"source\":\"a b\",\"n\":3,\"bad\":null}\n");
}

TEST_F(LogTest, KeepsHostileTextsInOneLineAndOneField) {
  for (const LogFormat format : {LogFormat::kText, LogFormat::kJson}) {
    Logger::Options options = Options(format);
    options.repeat_interval = absl::ZeroDuration();
    Logger log(options);
    log.Write(Warning(), {{"user", "x\" level=\"info\nfake line\r\x1b[31m\xff\u202e\u2028"}});
  }
  const std::vector<std::string> lines = Lines();
  ASSERT_EQ(lines.size(), 2U);
  for (const std::string& line : lines) {
    EXPECT_THAT(line, HasSubstr(R"(x\" level=\"info\nfake line\r\u001b[31m)"));
    EXPECT_THAT(line, Not(HasSubstr("\u202e")));
  }
}

TEST_F(LogTest, WritesJsonThatCanBeReadForEveryHostileText) {
  Logger::Options options = Options(LogFormat::kJson);
  options.repeat_interval = absl::ZeroDuration();
  Logger log(options);
  std::size_t count = 0;
  for (const std::string& text : testing::HostileTexts()) {
    log.Write(Warning(), {{"text", text}});
    ++count;
  }
  const std::vector<std::string> lines = Lines();
  ASSERT_EQ(lines.size(), count);
  simdjson::dom::parser parser;
  for (const std::string& line : lines) {
    EXPECT_EQ(parser.parse(line).error(), simdjson::SUCCESS) << line;
  }
}

TEST_F(LogTest, CutsLongTexts) {
  Logger log(Options(LogFormat::kJson));
  log.Write(Warning(), {{"text", std::string(100'000, 'x')}});
  EXPECT_LT(file_.text().size(), 700U);
  EXPECT_THAT(file_.text(), HasSubstr("xxx...\"}"));
}

TEST_F(LogTest, WritesNothingBelowItsLevel) {
  Logger log(Options(LogFormat::kText));
  log.Write({.level = LogLevel::kDebug, .key = "d", .text = "t"});
  EXPECT_EQ(file_.text(), "");
  log.SetLevel(LogLevel::kDebug);
  log.Write({.level = LogLevel::kDebug, .key = "d", .text = "t"});
  EXPECT_EQ(file_.text(), "2026-11-23T18:04:22.000000Z debug   d: t\n");
}

TEST_F(LogTest, HoldsRepeatsBackAndCountsThem) {
  Logger log(Options(LogFormat::kText));
  for (int i = 0; i < 100; ++i) {
    log.Write(Warning());
  }
  EXPECT_EQ(Lines().size(), 1U);
  clock_.Advance(absl::Seconds(10));
  log.Write(Warning());
  ASSERT_EQ(Lines().size(), 2U);
  EXPECT_THAT(Lines()[1], HasSubstr("It happened. suppressed=99"));
}

TEST_F(LogTest, DoesNotHoldBackWhatIsAboutSomethingElse) {
  Logger log(Options(LogFormat::kText));
  log.Write(Warning("a"));
  log.Write(Warning("b"));
  log.Write(Warning("a"));
  EXPECT_EQ(Lines().size(), 2U);
}

TEST_F(LogTest, ReportsWhatWasHeldBackAndDidNotComeAgain) {
  Logger log(Options(LogFormat::kText));
  log.Write(Warning("source a"));
  log.Write(Warning("source a"));
  log.ReportSuppressed(Logger::Suppressed::kDue);
  EXPECT_EQ(Lines().size(), 1U);
  clock_.Advance(absl::Seconds(10));
  log.ReportSuppressed(Logger::Suppressed::kDue);
  ASSERT_EQ(Lines().size(), 2U);
  EXPECT_THAT(Lines()[1], HasSubstr("log_suppressed: Repeated messages were not written. "
                                    "of=\"k\" about=\"source a\" suppressed=1"));
}

TEST_F(LogTest, ReportsEverythingHeldBackAtTheEnd) {
  Logger log(Options(LogFormat::kText));
  log.Write(Warning());
  log.Write(Warning());
  log.ReportSuppressed(Logger::Suppressed::kAll);
  ASSERT_EQ(Lines().size(), 2U);
  EXPECT_THAT(Lines()[1], HasSubstr("of=\"k\" suppressed=1"));
}

TEST_F(LogTest, WritesWholeLinesFromManyThreads) {
  Logger::Options options = Options(LogFormat::kText);
  options.repeat_interval = absl::ZeroDuration();
  Logger log(options);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 200; ++n) {
        log.Write(Warning());
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  ASSERT_EQ(Lines().size(), 800U);
  for (const std::string& line : Lines()) {
    EXPECT_EQ(line, "2026-11-23T18:04:22.000000Z warning k: It happened.");
  }
}

TEST_F(LogTest, SurvivesAFullDisk) {
  std::FILE* const full = std::fopen("/dev/full", "w");
  if (full == nullptr) {
    GTEST_SKIP() << "no /dev/full";
  }
  Logger::Options options = Options(LogFormat::kText);
  options.file = full;
  {
    Logger log(options);
    log.Write(Warning());
  }
  std::fclose(full);
}

TEST(LogNamesTest, ParsesLevelsAndFormats) {
  EXPECT_EQ(ParseLogLevel("debug"), LogLevel::kDebug);
  EXPECT_EQ(ParseLogLevel("error"), LogLevel::kError);
  EXPECT_EQ(ParseLogLevel("Error"), std::nullopt);
  EXPECT_EQ(ParseLogFormat("json"), LogFormat::kJson);
  EXPECT_EQ(ParseLogFormat("text"), LogFormat::kText);
  EXPECT_EQ(ParseLogFormat("xml"), std::nullopt);
}

}  // namespace
}  // namespace hark
