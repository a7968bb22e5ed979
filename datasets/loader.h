// Batches of a dataset, prepared by a thread of its own ahead of their use.
//
//   ASSIGN_OR_RETURN(auto loader, Loader::Create(dataset, options));
//   loader->Start(epoch);
//   while (true) {
//     ASSIGN_OR_RETURN(const Batch* batch, loader->Next());
//     if (batch == nullptr) break;  // the epoch is over
//     ...
//   }
//
// The order is a function of seed and epoch, and so is what augmentation does
// to each image: a run that starts anew at any batch of any epoch sees the same
// images as one that never stopped.
#ifndef TRITLAB_DATASETS_LOADER_H_
#define TRITLAB_DATASETS_LOADER_H_

#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "datasets/augmentation.h"
#include "datasets/dataset.h"
#include "datasets/dataset.pb.h"

namespace tritlab {

struct Batch {
  // [batch_size][height][width][channels], normalized; 64-byte aligned.
  std::span<const float> images;
  // [batch_size].
  std::span<const int32_t> labels;
  // How many of them count. Less than batch_size only for the last batch of an
  // epoch with drop_last = false; the rest are images of 0 with label 0.
  int64_t count = 0;
  int64_t epoch = 0;
  int64_t index = 0;  // of the batch in its epoch
};

class Loader {
 public:
  struct Options {
    int64_t batch_size = 128;
    bool shuffle = false;    // else in the dataset's order
    bool drop_last = false;  // leaves out a last batch that is not full
    uint64_t seed = 1;
    AugmentationSpec augmentation = {};  // unset: none
    Normalization normalization = {};    // empty: the dataset's
    int64_t queue_batches = 4;           // prepared ahead, at least 1
  };

  // `dataset` must outlive the loader. InvalidArgument for impossible options,
  // and for drop_last with fewer images than one batch; ResourceExhausted for
  // batches larger than the memory.
  static absl::StatusOr<std::unique_ptr<Loader>> Create(const Dataset& dataset,
                                                        const Options& options);
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  int64_t batches_per_epoch() const { return batches_per_epoch_; }

  // Goes to batch `first_batch` of `epoch` (both from 0). Free of cost when
  // that is what comes next anyway, as the next epoch after the end of one.
  void Start(int64_t epoch, int64_t first_batch = 0);

  // The next batch, or nullptr at the end of the epoch. It stays valid until
  // the next call of Next or Start. An error of the dataset ends the epoch:
  // every call returns it until Start.
  absl::StatusOr<const Batch*> Next();

 private:
  // One place of the queue.
  struct Slot {
    struct Free {
      void operator()(void* memory) const { std::free(memory); }
    };
    std::unique_ptr<float[], Free> images;
    std::vector<int32_t> labels;
    Batch batch;
    absl::Status status;
  };

  Loader(const Dataset& dataset, const Options& options);
  void Produce();
  void Fill(int64_t epoch, int64_t batch, Slot& slot);
  void StopThread();

  const Dataset& dataset_;
  const Options options_;
  const ImageTransform transform_;
  const int64_t batches_per_epoch_;

  // The producer's own.
  int64_t order_epoch_ = -1;  // whose order is in order_
  std::vector<int64_t> order_;
  std::vector<uint8_t> pixels_;  // of one image that is not in memory

  // A ring: slots [taken_, made_) modulo the size are ready; the one before
  // them is the one that the caller holds.
  std::vector<Slot> slots_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int64_t made_ = 0;
  int64_t taken_ = 0;
  bool holding_ = false;  // the caller holds slot taken_ - 1
  bool stop_ = false;
  int64_t next_epoch_ = 0;  // what the caller gets next
  int64_t next_batch_ = 0;
  int64_t made_epoch_ = 0;  // what the producer makes next
  int64_t made_batch_ = 0;
  absl::Status error_;  // what Next returns until Start
  std::thread thread_;
};

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_LOADER_H_
