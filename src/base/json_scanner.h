#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace hark {

enum class ScanEnd : std::uint8_t {
  kWhole,   // the closing bracket was found
  kOpen,    // the text ends before it
  kCutOff,  // it breaks off: what comes next belongs to something else
  kWrong,   // a bracket closes what it did not open
  kTooDeep,
};

struct Scan {
  ScanEnd end = ScanEnd::kOpen;
  std::size_t length = 0;  // bytes of the text that belong to it
};

// Finds where a JSON object or array ends, by its brackets and strings alone: what is between them
// is not judged. The text may be given in pieces, so that a container of any length is passed over
// in constant memory.
//
// A record that was cut off must not swallow the ones behind it, so two things cut it off: a line
// feed within a string, which no JSON has, and a '{' at the start of a line where no object may
// stand ({"a":"b",<line feed>{"a": the first line was cut off, the second is the next record). Its
// length then ends before the line feed. A bracket of the wrong kind ends it with its line.
//
// Not thread-safe.
class JsonScanner {
 public:
  // Deeper nesting is not followed. The API server's decoders refuse what is deeper than 10,000.
  static constexpr std::size_t kMaxDepth = 1 << 20;

  // Begins a new container: the next byte given is its opening bracket.
  void Reset();
  // Begins within a container of the given brackets, outermost first ("{[": in a list in an
  // object).
  void ResetWithin(std::string_view brackets);

  // Scans on. `length` of the result counts from the start of `piece`; where the end is kOpen, it
  // is all of it and the scan goes on with the next piece.
  Scan Feed(std::string_view piece);

 private:
  // Passes over a string's bytes from `at` on; where it ended, or the size of the piece.
  std::size_t PassString(std::string_view piece, std::size_t at);
  bool MayBeginObject() const;
  Scan Close(std::string_view piece, std::size_t at);

  std::vector<bool> is_object_;  // of the open containers, outermost first
  bool in_string_ = false;
  bool escaped_ = false;       // the next byte of the string is escaped
  bool line_started_ = false;  // the last byte was a line feed outside of strings
  char last_ = '\0';           // the last byte that is no white space
};

// The container that begins at text[0], scanned at once.
Scan ScanContainer(std::string_view text);

// The JSON value that begins at text[0], of whatever kind; a number or a word ends before what
// cannot belong to it.
Scan ScanValue(std::string_view text);

// Where the list of records begins, just after its bracket, in a container that holds them: the
// array itself, or the member "items", "records", "Records" or "logEvents" of an object. npos if
// there is none, or if the text ends before it.
std::size_t FindRecordList(std::string_view text);

}  // namespace hark
