// CIFAR-10's binary version: data_batch_1.bin to data_batch_5.bin and
// test_batch.bin, each of 10,000 records of a label byte and 32x32 red, green
// and blue bytes in planes (https://www.cs.toronto.edu/~kriz/cifar.html).
#ifndef TRITLAB_DATASETS_CIFAR10_H_
#define TRITLAB_DATASETS_CIFAR10_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "datasets/dataset.h"

namespace tritlab {

constexpr int64_t kCifar10RecordsPerFile = 10000;

// Whether the folder has any of the files.
bool HoldsCifar10Binary(absl::string_view folder);

// Mean and standard deviation of CIFAR-10's training images.
Normalization Cifar10Normalization();

// NotFound: none of the split's files. All of them must be there, each with
// exactly `records_per_file` records, with labels 0 to 9; otherwise
// InvalidArgument names the file, and the record at fault.
absl::StatusOr<std::unique_ptr<Dataset>> ReadCifar10Binary(
    absl::string_view folder, Split split,
    int64_t records_per_file = kCifar10RecordsPerFile);

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_CIFAR10_H_
