#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "hark/source.h"

#include "ingest/byte_stream.h"
#include "ingest/compressed_format.h"
#include "ingest/decompress_stream.h"
#include "ingest/look_back_buffer.h"
#include "ingest/member_decoder.h"

namespace hark::ingest {

// What Decompress makes of bytes that are compressed; it has the contract.
//
//                 +------------------------------------+
//                 v                                    | a member's end
//   start ---> between --- a magic number ---> decoding
//                 |                                    | damaged, or the input ends
//                 | anything else                      v
//                 +------------------------------> damaged: one Damage, a line feed
//                                                      |
//       between, decoding <-- its start is good --- probing <== a magic number == searching
//
class CompressedStream final : public ByteStream {
 public:
  // `start` has been read from `raw` before.
  CompressedStream(std::unique_ptr<ByteStream> raw, std::string_view start, BombLimits limits);

  absl::StatusOr<std::size_t> Read(char* data, std::size_t size) override;
  std::uint64_t size_hint() const override { return input_.size_hint(); }
  void TakeDamages(std::vector<Damage>& damages) override;

 private:
  enum class State : std::uint8_t {
    kBetween,
    kDecoding,
    kDamaged,
    kSearching,
    kProbing,
    kBomb,
    kEnded,
  };

  // One step in the drawing. Returns how many bytes it has given: only kDecoding gives any.
  absl::StatusOr<std::size_t> Step(char* data, std::size_t size);
  // Each does what its state is for, and sets the next state.
  absl::Status BeginMember();
  absl::StatusOr<std::size_t> DecodeMember(char* data, std::size_t size);
  void BeginSearch();
  absl::Status Search();
  absl::Status Probe();

  // Makes the bytes that come next a member. REQUIRES: the format is not kNone.
  absl::Status StartMember(CompressedFormat format);
  // Decodes until there is output or the member ends. That the result is kMore without output means
  // that the input has ended within the member, or that it makes no progress. Takes at most
  // `max_input` bytes.
  absl::StatusOr<MemberDecoder::Progress> Decode(char* data, std::size_t size,
                                                 std::size_t max_input);
  void AddDamage(RejectReason reason);
  std::size_t GivePending(char* data, std::size_t size);
  bool IsBomb() const;
  // True, and noted, if `bytes` may be read once more. What is read more than once is bounded by
  // what is read, so that no input makes the search for its next member long.
  bool MayReadAgain(std::uint64_t bytes);

  LookBackBuffer input_;
  const BombLimits limits_;
  std::unique_ptr<MemberDecoder> gzip_;  // made when first needed, as is zstd_
  std::unique_ptr<MemberDecoder> zstd_;
  MemberDecoder* decoder_ = nullptr;
  State state_ = State::kBetween;
  std::uint64_t member_start_ = 0;  // in the compressed bytes
  std::uint64_t read_again_ = 0;    // compressed bytes that were, or will be, read once more
  std::uint64_t given_ = 0;
  std::string pending_;  // comes before what the state brings
  std::size_t pending_given_ = 0;
  std::vector<Damage> damages_;
};

}  // namespace hark::ingest
