#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hark {

enum class RecordEnd : std::uint8_t {
  kNone,    // nothing but what separates records
  kWhole,   // a JSON object or array, or a line of something else
  kCutOff,  // a record that breaks off, with whatever of it follows
  kWrong,   // brackets that do not fit, to the end of their line and whatever of it follows
  kHead,    // no record: what is before the items of a list that has lost its end
  kOpen,    // the text ends within the record
};

// A record in a text, and what is before it.
struct RecordSpan {
  RecordEnd end = RecordEnd::kNone;
  std::size_t begin = 0;
  std::size_t length = 0;
  bool looked_beyond = false;  // what is after it was scanned in vain

  std::size_t after() const { return begin + length; }
};

enum class Remainder : std::uint8_t {
  kMayFollow,  // more text may come
  kNone,       // the text is all there is: a record that is open is a broken one
};

// The first record of a text that holds audit records in whatever form they are written down:
//
//   text    := (separator | record)*
//   record  := JSON object or array, on any number of lines, with or without a line feed behind it
//            | string, in a list of strings
//            | line of other text; lines of CRI with the tag P, and the one with F that ends them
//   separator := white space | "," | NUL | byte order mark | "]" | "}"
//
// A JSON record that breaks off, because a line feed stands in a string or a new record begins
// where none may (JsonScanner), ends there: with it go the lines that can only be the rest of it,
// those that begin with white space or a quote. What comes next is a record again. If it has lines
// that begin with an object, or is still open where everything ends, it may have lost no more than
// its first line, and ends with that; if that is the mere head of a list, [ or
// {"kind":"EventList","items":[, it is a kHead, and its items are records.
//
// Then looked_beyond is set: the same bytes may be scanned again and again. Callers bound how
// often, and then give one line at a time.
RecordSpan NextRecord(std::string_view text, Remainder remainder);

// Is the line a whole JSON object as far as its ends tell? One with a comma behind it is not: it
// may be the head of a list with its first item.
bool LooksLikeObject(std::string_view line);

}  // namespace hark
