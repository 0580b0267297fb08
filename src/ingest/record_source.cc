#include "ingest/record_source.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/status/statusor.h"

#include "base/record_scan.h"
#include "base/status_macros.h"
#include "ingest/batch_buffer.h"

namespace hark::ingest {
namespace {

constexpr std::size_t kNone = std::string_view::npos;
// Reads are at least this long, however small the batches: a batch of one record must not cost a
// system call for each byte.
constexpr std::size_t kMinReadBytes = 4096;
// So often bytes are scanned in vain; then every line is on its own.
constexpr int kMaxOpenRecords = 16;
constexpr std::string_view kBlanks("\0 \t\r\n", 5);

// The last line feed within the first max_bytes, else the first one after them.
std::size_t FindBatchEnd(std::string_view bytes, std::size_t max_bytes) {
  const std::string_view wanted = bytes.substr(0, max_bytes);
  const void* const last = memrchr(wanted.data(), '\n', wanted.size());
  return last != nullptr ? static_cast<std::size_t>(static_cast<const char*>(last) - bytes.data())
                         : bytes.find('\n', wanted.size());
}

std::string_view FirstLine(std::string_view lines) {
  return lines.substr(0, lines.find('\n'));
}

std::string_view LastLine(std::string_view lines) {
  const std::size_t before = lines.rfind('\n');
  return before == kNone ? lines : lines.substr(before + 1);
}

// Is the line one whole object?
bool IsObject(std::string_view line) {
  if (!LooksLikeObject(line)) {
    return false;
  }
  const Scan scan = ScanContainer(line.substr(line.find('{')));
  const std::size_t end = line.find('{') + scan.length;
  return scan.end == ScanEnd::kWhole && line.find_first_not_of(kBlanks, end) == kNone;
}

// So many ends of lines are kept, for the next who needs them.
constexpr std::size_t kMaxLineEnds = std::size_t{1} << 16;

// Does each line that is not blank look like an object? Then none of them is within a larger one:
// between two values of JSON there is more than a line feed. `ends` is where they end, if they do.
bool LookLikeObjects(std::string_view lines, std::vector<std::size_t>& ends) {
  ends.clear();
  for (std::size_t begin = 0; begin < lines.size();) {
    const std::string_view line = FirstLine(lines.substr(begin));
    if (!LooksLikeObject(line) && line.find_first_not_of(kBlanks) != kNone) {
      ends.clear();
      return false;
    }
    const std::size_t end = begin + line.size();
    if (ends.size() < kMaxLineEnds) {
      ends.push_back(end);
    }
    begin = end + 1;
  }
  return true;
}

bool IsContainer(std::string_view record) {
  return record.front() == '{' || record.front() == '[';
}

}  // namespace

RecordSource::RecordSource(Identity identity, std::unique_ptr<ByteStream> stream,
                           const Limits& limits)
    : identity_(std::move(identity)), stream_(std::move(stream)), limits_(limits) {}

absl::Status RecordSource::Read(std::size_t max_bytes, RecordBatch& batch) {
  batch.Clear();
  size_ = carry_.size();
  ForgetSearch();
  is_dry_ = false;
  if (is_passing_over()) {
    long_record_ = 0;
    batch.damages.push_back(passed_over_);
  }
  const std::size_t needed = std::max({max_bytes, kMinReadBytes, size_});
  if (needed <= LargeTurn::kLarge) {
    batch.ReleaseLarge();
  }
  batch.turn.TakeFor(needed);
  ReserveBuffer(batch, 0, needed);
  std::memcpy(batch.buffer.get(), carry_.data(), size_);
  carry_.clear();
  if (carry_.capacity() > LargeTurn::kLarge) {
    std::string().swap(carry_);  // an assignment would keep what it has
  }
  while (true) {
    const Step step = Advance(max_bytes, batch);
    if (step == Step::kBatch) {
      return batch.at_end() ? std::exchange(error_, absl::OkStatus()) : absl::OkStatus();
    }
    if (step == Step::kMore && is_dry_) {
      Pause(batch);
      return absl::OkStatus();
    }
    if (step == Step::kMore) {
      Fill(max_bytes, batch);
    }
  }
}

void RecordSource::Pause(RecordBatch& batch) {
  if (is_passing_over()) {
    // How long it is will be known later.
    passed_over_ = batch.damages[long_record_];
    batch.damages.erase(batch.damages.begin() + static_cast<std::ptrdiff_t>(long_record_));
  }
  Cut(0, batch);
}

RecordSource::Step RecordSource::Advance(std::size_t max_bytes, RecordBatch& batch) {
  switch (place_) {
    case Place::kRecords:
      return AdvanceRecords(max_bytes, batch);
    case Place::kList:
      return AdvanceList(max_bytes, batch);
    case Place::kTail:
      return PassOverTail(batch);
    case Place::kLongRecord:
    case Place::kLongLine:
      break;
  }
  return PassOver(batch);
}

RecordSource::Step RecordSource::AdvanceRecords(std::size_t max_bytes, RecordBatch& batch) {
  std::string_view bytes(batch.buffer.get(), size_);
  const std::size_t blanks = std::min(bytes.find_first_not_of(kBlanks), bytes.size());
  if (blanks > 0) {
    Drop(blanks, batch);
    bytes = std::string_view(batch.buffer.get(), size_);
  }
  if (bytes.empty()) {
    return ended_ ? Cut(0, batch) : Step::kMore;
  }
  // Nobody looks closely at the lines between two that are objects. A long line may be a list.
  const std::size_t lines_end = FindBatchEnd(bytes, max_bytes);
  if (lines_end != kNone && FirstLine(bytes).size() <= limits_.long_list) {
    const std::string_view lines = bytes.substr(0, lines_end);
    if (IsObject(FirstLine(lines)) && IsObject(LastLine(lines)) &&
        LookLikeObjects(lines, batch.line_ends)) {
      return Cut(lines_end + 1, batch);
    }
  }
  return ShallSearch(max_bytes, batch) ? ScanRecords(max_bytes, batch) : Step::kMore;
}

// What was open is looked at again when there is twice as much of it, or when the probe says so.
bool RecordSource::ShallSearch(std::size_t max_bytes, const RecordBatch& batch) {
  if (size_ >= 2 * searched_ || size_ > Limit(max_bytes) || ended_ ||
      (is_dry_ && size_ > searched_)) {
    return true;
  }
  if (probed_ == 0) {
    return false;
  }
  const std::string_view news(batch.buffer.get() + probed_, size_ - probed_);
  const bool is_open = IsContainer({batch.buffer.get(), 1})
                           ? probe_.Feed(news).end == ScanEnd::kOpen
                           : news.find('\n') == kNone;
  probed_ = is_open ? size_ : 0;
  return !is_open;
}

void RecordSource::Await(std::string_view record) {
  searched_ = size_;
  if (probed_ > 0 || record.size() < limits_.long_read) {
    return;
  }
  bool is_open = true;
  if (IsContainer(record)) {
    probe_.Reset();
    is_open = probe_.Feed(record).end == ScanEnd::kOpen;
  }
  probed_ = is_open ? size_ : 0;
}

RecordSource::Step RecordSource::ScanRecords(std::size_t max_bytes, RecordBatch& batch) {
  const std::string_view bytes(batch.buffer.get(), size_);
  std::size_t end = 0;
  while (end < max_bytes) {
    std::string_view rest = bytes.substr(end);
    if (open_records_ == kMaxOpenRecords) {
      rest = rest.substr(0, std::min(rest.find('\n'), rest.size() - 1) + 1);
    }
    const RecordSpan span = NextRecord(rest, Remainder::kMayFollow);
    if (span.end == RecordEnd::kNone) {
      end = end + rest.size();
      break;
    }
    const std::string_view record = rest.substr(span.begin, span.length);
    const bool is_first = end == 0;
    if (!is_first && (span.end == RecordEnd::kOpen || end + span.after() > max_bytes)) {
      break;
    }
    if (span.end == RecordEnd::kOpen) {
      return AdvanceOpenRecord(span.begin, max_bytes, batch);
    }
    if (span.end == RecordEnd::kHead || IsLongList(record)) {
      return is_first ? EnterList(span.begin, FindRecordList(record), batch) : Cut(end, batch);
    }
    if (record.size() > Limit(max_bytes)) {
      return is_first ? PassOverRecord(span.begin, batch) : Cut(end, batch);
    }
    open_records_ = std::min(open_records_ + (span.looked_beyond ? 1 : 0), kMaxOpenRecords);
    end += span.after();
  }
  return Cut(end, batch);
}

RecordSource::Step RecordSource::AdvanceOpenRecord(std::size_t begin, std::size_t max_bytes,
                                                   RecordBatch& batch) {
  if (begin > 0) {
    Drop(begin, batch);
  }
  const std::string_view record(batch.buffer.get(), size_);
  if (IsLongList(record) || (ended_ && FindRecordList(record) != kNone)) {
    return EnterList(0, FindRecordList(record), batch);
  }
  if (ended_) {
    return Cut(size_, batch);
  }
  if (record.size() <= Limit(max_bytes)) {
    Await(record);
    return Step::kMore;
  }
  if (IsContainer(record) && record.substr(0, Limit(max_bytes)).find('\n') != kNone) {
    // It has lost its end rather than grown so long: its first line is given up.
    open_records_ = std::min(open_records_ + 1, kMaxOpenRecords);
    return Cut(NextRecord(record, Remainder::kNone).after(), batch);
  }
  return PassOverRecord(0, batch);
}

RecordSource::Step RecordSource::AdvanceList(std::size_t max_bytes, RecordBatch& batch) {
  const std::string_view bytes(batch.buffer.get(), size_);
  if (!ShallSearch(max_bytes, batch)) {
    return Step::kMore;
  }
  std::size_t end = 0;
  while (end < max_bytes) {
    const std::size_t at = bytes.find_first_not_of(std::string_view("\0 \t\r\n,", 6), end);
    const bool is_first = end == 0;
    if (at == kNone) {
      if (ended_) {
        // The list has lost its own end.
        batch.damages.push_back(
            {.reason = RejectReason::kTruncated, .offset = offset_ + size_, .length = 0});
        return BreakList(batch);
      }
      return is_first ? DropBlanks(batch) : Cut(end, batch);
    }
    if (bytes[at] == ']') {
      return is_first ? LeaveList(at + 1, batch) : Cut(end, batch);
    }
    const Scan scan = ScanValue(bytes.substr(at));
    // What is no object or array ends with its line for the reader of the batch: it stands alone.
    const bool is_container = IsContainer(bytes.substr(at));
    if (!is_first &&
        (!is_container || scan.end != ScanEnd::kWhole || at + scan.length > max_bytes)) {
      break;
    }
    if (scan.end == ScanEnd::kOpen) {
      if (ended_) {
        return BreakList(batch);  // within an item, which the reader of the batch counts
      }
      return AwaitItem(at, max_bytes, batch);
    }
    if (scan.end != ScanEnd::kWhole) {
      // The list ends here; what comes next is read as if it stood alone.
      place_ = Place::kRecords;
      return Step::kAgain;
    }
    if (scan.length > Limit(max_bytes)) {
      return PassOverRecord(at, batch);
    }
    end = at + scan.length;
    if (!is_container) {
      break;
    }
  }
  return Cut(end, batch);
}

RecordSource::Step RecordSource::AwaitItem(std::size_t begin, std::size_t max_bytes,
                                           RecordBatch& batch) {
  if (size_ - begin > Limit(max_bytes)) {
    return PassOverRecord(begin, batch);
  }
  if (begin > 0) {
    Drop(begin, batch);
  }
  Await({batch.buffer.get(), size_});
  return Step::kMore;
}

RecordSource::Step RecordSource::DropBlanks(RecordBatch& batch) {
  Drop(size_, batch);
  return Step::kMore;
}

RecordSource::Step RecordSource::EnterList(std::size_t begin, std::size_t list,
                                           RecordBatch& batch) {
  container_offset_ = offset_ + begin;
  context_.assign(batch.buffer.get() + begin, list);
  Drop(begin + list, batch);
  place_ = Place::kList;
  return Step::kAgain;
}

RecordSource::Step RecordSource::LeaveList(std::size_t after, RecordBatch& batch) {
  const bool in_object = context_.front() == '{';
  if (in_object) {
    scanner_.ResetWithin("{");
  }
  place_ = in_object ? Place::kTail : Place::kRecords;
  Drop(after, batch);
  return Step::kAgain;
}

RecordSource::Step RecordSource::BreakList(RecordBatch& batch) {
  const Step step = Cut(size_, batch);
  place_ = Place::kRecords;
  return step;
}

RecordSource::Step RecordSource::PassOverRecord(std::size_t begin, RecordBatch& batch) {
  Drop(begin, batch);
  container_offset_ = place_ == Place::kRecords ? offset_ : container_offset_;
  long_record_ = batch.damages.size();
  const std::string_view bytes(batch.buffer.get(), size_);
  batch.damages.push_back({.reason = RejectReason::kTooLarge,
                           .offset = offset_,
                           .length = 0,
                           .sha256 = {},
                           .start = std::string(bytes.substr(0, kMaxStartBytes))});
  hash_.Reset();
  after_record_ = place_;
  const bool is_container = IsContainer(bytes);
  place_ = is_container ? Place::kLongRecord : Place::kLongLine;
  if (is_container) {
    scanner_.Reset();
  }
  return Step::kAgain;
}

RecordSource::Step RecordSource::PassOverTail(RecordBatch& batch) {
  const Scan scan = scanner_.Feed({batch.buffer.get(), size_});
  Drop(scan.length, batch);
  if (scan.end == ScanEnd::kOpen && !ended_) {
    return Step::kMore;
  }
  if (scan.end != ScanEnd::kWhole) {
    const bool is_wrong = scan.end == ScanEnd::kWrong;
    batch.damages.push_back(
        {.reason = is_wrong ? RejectReason::kMalformed : RejectReason::kTruncated,
         .offset = offset_,
         .length = 0});
  }
  place_ = Place::kRecords;
  return Step::kAgain;
}

RecordSource::Step RecordSource::PassOver(RecordBatch& batch) {
  const std::string_view bytes(batch.buffer.get(), size_);
  std::size_t length = 0;
  bool is_over = ended_;
  if (place_ == Place::kLongLine) {
    const std::size_t line_end = bytes.find('\n');
    is_over = is_over || line_end != kNone;
    length = line_end == kNone ? size_ : line_end + 1;
  } else {
    const Scan scan = scanner_.Feed(bytes);
    is_over = is_over || scan.end != ScanEnd::kOpen;
    length = scan.length;
  }
  batch.damages[long_record_].length += length;
  hash_.Add(bytes.substr(0, length));
  Drop(length, batch);
  if (!is_over) {
    return Step::kMore;
  }
  batch.damages[long_record_].sha256 = hash_.Hex();
  place_ = after_record_;
  // A file of nothing but such records must not collect them all.
  constexpr std::size_t kMostDamages = 8;
  return batch.damages.size() < kMostDamages ? Step::kAgain : Cut(0, batch);
}

bool RecordSource::IsLongList(std::string_view record) const {
  return record.size() > limits_.long_list && FindRecordList(record) != kNone;
}

void RecordSource::Fill(std::size_t max_bytes, RecordBatch& batch) {
  std::size_t target = std::max(max_bytes, kMinReadBytes);
  if (size_ >= target) {
    const std::size_t capacity = batch.capacity - kBatchPadding;
    target = size_ + kMinReadBytes <= capacity
                 ? capacity
                 : std::max(std::min(2 * size_, Limit(max_bytes) + kMinReadBytes),
                            size_ + kMinReadBytes);
  }
  batch.turn.TakeFor(target);
  ReserveBuffer(batch, size_, target);
  const std::size_t step = std::max(max_bytes, limits_.long_read);
  const absl::StatusOr<std::size_t> count =
      stream_->Read(batch.buffer.get() + size_, std::min(target - size_, step));
  stream_->TakeDamages(batch.damages);
  size_ += count.value_or(0);
  is_dry_ = count.ok() && *count == 0 && stream_->may_go_on();
  ended_ = !is_dry_ && (!count.ok() || *count == 0);
  if (!count.ok()) {
    error_ = count.status();
  }
}

void RecordSource::Drop(std::size_t length, RecordBatch& batch) {
  size_ -= length;
  offset_ += length;
  ForgetSearch();
  std::memmove(batch.buffer.get(), batch.buffer.get() + length, size_);
}

RecordSource::Step RecordSource::Cut(std::size_t length, RecordBatch& batch) {
  carry_.assign(batch.buffer.get() + length, size_ - length);
  SetData(batch, length);
  batch.offset = offset_;
  if (place_ == Place::kList) {
    batch.context = context_;
  }
  offset_ += length;
  if (length == 0) {
    batch.ReleaseLarge();
  }
  return Step::kBatch;
}

}  // namespace hark::ingest
