// Batches of a dataset, prepared by threads of its own ahead of their use.
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
// images as one that never stopped, and with any number of threads.
//
// Several ranks that train together read a share of each batch each: the rank's
// turn of as many images in a row. Together they see the images, and what
// augmentation does to each, of one rank that reads the whole.
//
// An image that the dataset leaves out (Dataset::LeaveOut) makes an
// evaluation's batch shorter; in training the one after it in the dataset
// stands in for it.
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
  // [batch_size / ranks][height][width][channels], normalized; 64-byte aligned.
  std::span<const float> images;
  // [batch_size / ranks].
  std::span<const int32_t> labels;
  // How many of them count. Fewer than these only with drop_last = false,
  // for the last batch of an epoch and where images were left out; the rest are
  // images of 0 with label 0.
  int64_t count = 0;
  int64_t epoch = 0;
  int64_t index = 0;  // of the batch in its epoch
  int64_t first = 0;  // of its images: where it stands in the epoch's order
  // Which of the views of its images this is; with ten crops, ten batches in
  // turn show the same images: the four corners, the centre, and their mirror
  // images.
  int view = 0;
};

class Loader {
 public:
  // The views of an image with Options::ten_crop.
  static constexpr int kTenCrops = 10;

  struct Options {
    int64_t batch_size = 128;  // of all ranks together
    int rank = 0;              // whose share this loader makes, below ranks
    int ranks = 1;             // batch_size is a multiple of it
    bool shuffle = false;      // else in the dataset's order
    bool drop_last = false;    // leaves out a last batch that is not full
    bool ten_crop = false;  // evaluation: ResizeSpec's, instead of the centre
    uint64_t seed = 1;
    AugmentationSpec augmentation = {};  // unset: none
    Normalization normalization = {};    // empty: the dataset's
    int64_t queue_batches = 4;           // prepared ahead, at least 1
    // 0: one where images are in memory, else OpenMP's number.
    int threads = 0;
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
  // Of all ranks together, an image once however many views it has.
  int64_t images_per_epoch() const;
  // Batches in turn that show the same images.
  int views() const { return views_; }

  // Goes to batch `first_batch` of `epoch` (both from 0). Free of cost when
  // that is what comes next anyway, as the next epoch after the end of one.
  void Start(int64_t epoch, int64_t first_batch = 0);

  // The next batch, or nullptr at the end of the epoch. It stays valid until
  // the next call of Next or Start. An error of the dataset ends the epoch:
  // every call returns it until Start.
  absl::StatusOr<const Batch*> Next();

 private:
  using Order = std::vector<int64_t>;

  // One place of the queue.
  struct Slot {
    struct Free {
      void operator()(void* memory) const { std::free(memory); }
    };
    std::unique_ptr<float[], Free> images;
    std::vector<int32_t> labels;
    std::vector<absl::Status> statuses;  // why an image could not be made
    std::vector<char> left_out;          // and whether that is passed over
    std::shared_ptr<const Order> order;  // nullptr: the dataset's
    Batch batch;
    absl::Status status;
    int parts_left = 0;  // not yet made
    bool ready = false;
  };
  // Memory of one thread.
  using Pixels = std::vector<uint8_t>;

  Loader(const Dataset& dataset, const Options& options);
  void Produce();
  // Sets up the slot for what comes next.
  void BeginBatch(Slot& slot);
  void MakePart(int part, Slot& slot, Pixels& pixels);
  // Image `index` of the dataset as the slot's image i.
  absl::Status MakeImage(int64_t index, int64_t i, Slot& slot, Pixels& pixels);
  // The same, or the one that stands in for it.
  absl::Status MakeImageOrNext(int64_t index, int64_t i, Slot& slot,
                               Pixels& pixels);
  void FinishBatch(Slot& slot);
  // Where this rank's share of the batch begins in the epoch.
  int64_t FirstOfShare(const Batch& batch) const;
  void StopThreads();

  const Dataset& dataset_;
  const Options options_;
  const ImageTransform transform_;
  const int64_t share_;  // of a batch, in images
  const bool in_memory_;
  const int threads_count_;
  const int parts_;  // that a batch is made in, each by one thread
  const int views_;
  const int64_t batches_per_epoch_;

  // A ring: batch n of those begun since Start is in slot n modulo their
  // number. The caller has taken all below taken_, and holds the last of them.
  std::vector<Slot> slots_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int64_t begun_ = 0;
  int next_part_ = 0;  // of batch begun_ - 1
  int64_t taken_ = 0;
  bool holding_ = false;  // the caller holds batch taken_ - 1
  bool stop_ = false;
  int64_t next_epoch_ = 0;  // what the caller gets next
  int64_t next_batch_ = 0;
  int64_t made_epoch_ = 0;  // what is begun next
  int64_t made_batch_ = 0;
  int64_t order_epoch_ = -1;  // whose order is in order_
  std::shared_ptr<const Order> order_;
  absl::Status error_;  // what Next returns until Start
  std::vector<std::thread> threads_;
};

}  // namespace tritlab

#endif  // TRITLAB_DATASETS_LOADER_H_
