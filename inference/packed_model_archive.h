// NAME.trit.zst: a model.trit as one zstd stream, entropy-coded for shipping.
//
// What comes out of it is a whole model.trit, so `zstd -d` gives one as well.
// Three ways to store the codes were measured before zstd and xz, on ResNet-20
// of CIFAR-10 (1,073,344 bytes of weights in f32):
//
//                             TTQ                       INQ, 5 bits
//                       zstd -3  zstd -19   xz -9     zstd -19   xz -9
//   five trits a byte    58,399    58,251  57,832
//   codes as bits        60,999    59,970  57,960      159,351 149,792
//   one code a byte      76,739    63,536  61,816      129,619 130,604
//   their entropy alone            45,229              114,561
//
// (Figures of the zstd and xz programs, to within 200 bytes; through libarchive
// the archives are 58,117 and 129,841 bytes of model.trits of 70,056 and
// 181,128. Of these, 9,832 and 5,544 are floats, which hardly shrink.) Codes
// that straddle bytes hide their statistics, and matches of single codes cost
// more than they save, so ternary codes stay five a byte and those of 3, 5, 6
// or 7 bits get a byte each. Level 19, as 22 gives the same bytes; xz gains
// 0.7 % on the one and loses 0.8 % on the other.
#ifndef TRITLAB_INFERENCE_PACKED_MODEL_ARCHIVE_H_
#define TRITLAB_INFERENCE_PACKED_MODEL_ARCHIVE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tritlab {

// Whether the bytes begin as a zstd stream does.
bool IsPackedModelArchive(absl::string_view bytes);

// The archive of a model.trit's bytes. InvalidArgument when the bytes are so
// repetitive that DecompressPackedModel would refuse them.
absl::StatusOr<std::string> CompressPackedModel(absl::string_view file);

// The bytes of the model.trit in an archive; nothing but their length has been
// checked. `name` begins every message. Hostile archives take little memory:
// the header says how long the file is, at most 64 MiB + 256 times the archive
// and no more than the machine's memory; the result grows as bytes come out,
// and nothing is decompressed beyond the said length. (zstd's own window takes
// at most 128 MiB.) DataLoss when the stream is damaged, cut off or longer or
// shorter than said; InvalidArgument when its content is no model.trit or said
// to be longer than that; ResourceExhausted.
absl::StatusOr<std::string> DecompressPackedModel(absl::string_view archive,
                                                  absl::string_view name);

}  // namespace tritlab

#endif  // TRITLAB_INFERENCE_PACKED_MODEL_ARCHIVE_H_
