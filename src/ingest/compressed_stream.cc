#include "ingest/compressed_stream.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "base/status_macros.h"
#include "ingest/gzip_decoder.h"
#include "ingest/zstd_decoder.h"

namespace hark::ingest {
namespace {

// So much of a member must decompress before it is believed to be one: bytes that merely look like
// a magic number do not get that far.
constexpr std::size_t kProbeBytes = 4096;
// Within so much input: a zstd block, before which nothing comes out, has up to 128 KiB.
constexpr std::size_t kProbeInput = std::size_t{192} << 10;
static_assert(kProbeInput <= LookBackBuffer::kLookBack);
// What a try costs at least, in bytes read.
constexpr std::uint64_t kProbeCost = 4096;
constexpr std::uint64_t kFreeReadAgain = std::uint64_t{16} << 20;

}  // namespace

CompressedStream::CompressedStream(std::unique_ptr<ByteStream> raw, std::string_view start,
                                   BombLimits limits)
    : input_(std::move(raw), start), limits_(limits) {}

absl::StatusOr<std::size_t> CompressedStream::Read(char* data, std::size_t size) {
  std::size_t count = 0;
  while (count == 0 && (state_ != State::kEnded || !pending_.empty())) {
    ASSIGN_OR_RETURN(count, pending_.empty() ? Step(data, size) : GivePending(data, size));
  }
  given_ += count;
  if (state_ != State::kEnded && IsBomb()) {
    pending_.clear();
    pending_given_ = 0;
    state_ = State::kBomb;
  }
  return count;
}

absl::StatusOr<std::size_t> CompressedStream::Step(char* data, std::size_t size) {
  absl::Status status;
  switch (state_) {
    case State::kBetween:
      status = BeginMember();
      break;
    case State::kDecoding:
      return DecodeMember(data, size);
    case State::kDamaged:
      AddDamage(RejectReason::kDamaged);
      BeginSearch();
      break;
    case State::kSearching:
      status = Search();
      break;
    case State::kProbing:
      status = Probe();
      break;
    case State::kBomb:
      AddDamage(RejectReason::kBomb);
      state_ = State::kEnded;
      break;
    case State::kEnded:
      break;
  }
  RETURN_IF_ERROR(status);
  return 0U;
}

void CompressedStream::TakeDamages(std::vector<Damage>& damages) {
  damages.insert(damages.end(), damages_.begin(), damages_.end());
  damages_.clear();
}

absl::Status CompressedStream::BeginMember() {
  while (true) {
    RETURN_IF_ERROR(input_.Fill(kMagicBytes));
    const std::string_view unread = input_.unread();
    if (unread.empty()) {
      state_ = State::kEnded;
      return absl::OkStatus();
    }
    const std::size_t padding = std::min(unread.find_first_not_of('\0'), unread.size());
    if (padding > 0) {
      input_.Skip(padding);
      continue;
    }
    const CompressedFormat format = FormatOf(unread);
    if (format == CompressedFormat::kNone) {
      member_start_ = input_.position();
      state_ = State::kDamaged;
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(StartMember(format));
    state_ = State::kDecoding;
    return absl::OkStatus();
  }
}

absl::Status CompressedStream::StartMember(CompressedFormat format) {
  const bool is_gzip = format == CompressedFormat::kGzip;
  std::unique_ptr<MemberDecoder>& decoder = is_gzip ? gzip_ : zstd_;
  if (decoder == nullptr) {
    ASSIGN_OR_RETURN(decoder, is_gzip ? GzipDecoder::Create() : ZstdDecoder::Create());
  }
  decoder->Reset();
  decoder_ = decoder.get();
  member_start_ = input_.position();
  return absl::OkStatus();
}

absl::StatusOr<std::size_t> CompressedStream::DecodeMember(char* data, std::size_t size) {
  ASSIGN_OR_RETURN(const MemberDecoder::Progress progress,
                   Decode(data, size, std::numeric_limits<std::size_t>::max()));
  if (progress.state == MemberDecoder::State::kMemberEnd) {
    state_ = State::kBetween;
  } else if (progress.state == MemberDecoder::State::kDamaged || progress.produced == 0) {
    state_ = State::kDamaged;
  }
  return progress.produced;
}

absl::StatusOr<MemberDecoder::Progress> CompressedStream::Decode(char* data, std::size_t size,
                                                                 std::size_t max_input) {
  while (true) {
    const std::size_t wanted = std::min(decoder_->wanted(), max_input);
    RETURN_IF_ERROR(input_.Fill(wanted));
    const MemberDecoder::Progress progress =
        decoder_->Decode(input_.unread().substr(0, max_input), data, size);
    input_.Skip(progress.consumed);
    max_input -= progress.consumed;
    if (progress.state == MemberDecoder::State::kNoMemory) {
      return absl::ResourceExhaustedError("no memory to decompress");
    }
    const bool is_stuck = progress.consumed == 0 && (wanted > 0 || max_input == 0);
    if (progress.state != MemberDecoder::State::kMore || progress.produced > 0 || is_stuck) {
      return progress;
    }
  }
}

void CompressedStream::BeginSearch() {
  state_ = State::kSearching;
  // A damaged member is often decoded on into the members that follow it.
  const std::uint64_t position = input_.position();
  const std::uint64_t look_back = std::min<std::uint64_t>(position, LookBackBuffer::kLookBack);
  const std::uint64_t start = std::max(member_start_ + 1, position - look_back);
  if (start < position && MayReadAgain(position - start)) {
    input_.GoBack(start);
  }
}

absl::Status CompressedStream::Search() {
  while (true) {
    RETURN_IF_ERROR(input_.Fill(kMagicBytes));
    const std::string_view unread = input_.unread();
    if (unread.size() < kMagicBytes) {
      state_ = State::kEnded;
      return absl::OkStatus();
    }
    const std::size_t found = FindMagic(unread);
    if (found == std::string_view::npos) {
      input_.Skip(unread.size() - (kMagicBytes - 1));
      continue;
    }
    input_.Skip(found);
    if (!MayReadAgain(kProbeCost)) {
      input_.Skip(1);
      continue;
    }
    RETURN_IF_ERROR(StartMember(FormatOf(input_.unread())));
    state_ = State::kProbing;
    return absl::OkStatus();
  }
}

absl::Status CompressedStream::Probe() {
  std::string output(kProbeBytes, '\0');
  std::size_t size = 0;
  while (true) {
    const std::uint64_t read = input_.position() - member_start_;
    ASSIGN_OR_RETURN(const MemberDecoder::Progress progress,
                     Decode(output.data() + size, kProbeBytes - size, kProbeInput - read));
    size += progress.produced;
    const bool is_damaged = progress.state == MemberDecoder::State::kDamaged;
    const bool is_stuck = progress.state == MemberDecoder::State::kMore && progress.produced == 0;
    if (progress.state == MemberDecoder::State::kMemberEnd) {
      state_ = State::kBetween;
    } else if (size == kProbeBytes) {
      state_ = is_damaged ? State::kDamaged : State::kDecoding;
    } else if (is_stuck && size > 0) {
      state_ = State::kDecoding;  // mostly the input ends within it
    } else if (is_damaged || is_stuck) {
      break;
    } else {
      continue;
    }
    output.resize(size);
    pending_ = std::move(output);
    return absl::OkStatus();
  }
  read_again_ += input_.position() - member_start_;
  input_.GoBack(member_start_ + 1);
  state_ = State::kSearching;
  return absl::OkStatus();
}

void CompressedStream::AddDamage(RejectReason reason) {
  damages_.push_back({.reason = reason, .offset = given_, .length = 0});
  pending_ = "\n";
}

std::size_t CompressedStream::GivePending(char* data, std::size_t size) {
  const std::size_t count = std::min(size, pending_.size() - pending_given_);
  std::memcpy(data, pending_.data() + pending_given_, count);
  pending_given_ += count;
  if (pending_given_ == pending_.size()) {
    pending_.clear();
    pending_given_ = 0;
  }
  return count;
}

bool CompressedStream::IsBomb() const {
  return given_ > limits_.bytes && given_ / limits_.ratio > input_.furthest();
}

bool CompressedStream::MayReadAgain(std::uint64_t bytes) {
  if (read_again_ + bytes > kFreeReadAgain + input_.furthest()) {
    return false;
  }
  read_again_ += bytes;
  return true;
}

}  // namespace hark::ingest
