#include "datasets/loader.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/status_macros.h"

namespace tritlab {
namespace {

// Tells these random numbers apart from others of the same seed.
constexpr uint64_t kOrderStream = 0x6f726472;

}  // namespace

absl::StatusOr<std::unique_ptr<Loader>> Loader::Create(const Dataset& dataset,
                                                       const Options& options) {
  Options complete = options;
  if (complete.normalization.mean.empty() &&
      complete.normalization.std.empty()) {
    complete.normalization = dataset.normalization();
  }
  RETURN_IF_ERROR(
      ValidateNormalization(complete.normalization, dataset.shape().channels));
  RETURN_IF_ERROR(
      ValidateAugmentationSpec(complete.augmentation, dataset.shape()));
  if (options.batch_size < 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "batch_size: ", options.batch_size, " is not a number of images"));
  }
  if (options.queue_batches < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("queue_batches: ", options.queue_batches,
                     " is impossible; give 1 or more"));
  }
  const int64_t needed = options.drop_last ? options.batch_size : 1;
  if (dataset.size() < needed) {
    return absl::InvalidArgumentError(
        absl::StrCat(dataset.source(), ": holds ", dataset.size(),
                     " images, fewer than one batch of ", needed));
  }
  const std::string what =
      absl::StrCat("batch_size: ", options.batch_size, " images, in ",
                   options.queue_batches, " batches and one more");
  const double bytes = 4.0 * options.batch_size * dataset.shape().size() *
                       (options.queue_batches + 1.0);
  constexpr char kAdvice[] = "give a smaller one";
  RETURN_IF_ERROR(CheckMemory(what, bytes, kAdvice));
  std::unique_ptr<Loader> loader(new Loader(dataset, complete));
  for (const Slot& slot : loader->slots_) {
    if (slot.images == nullptr) {
      return absl::ResourceExhaustedError(
          absl::StrCat(what, ": there is no memory for them; ", kAdvice));
    }
  }
  return loader;
}

Loader::Loader(const Dataset& dataset, const Options& options)
    : dataset_(dataset),
      options_(options),
      transform_(dataset.shape(), options.normalization),
      batches_per_epoch_(
          (dataset.size() + (options.drop_last ? 0 : options.batch_size - 1)) /
          options.batch_size),
      pixels_(dataset.shape().size()),
      // One more for the batch that the caller holds.
      slots_(options.queue_batches + 1) {
  const int64_t floats = options.batch_size * dataset.shape().size();
  // aligned_alloc wants a multiple of the alignment.
  const size_t bytes = (floats * sizeof(float) + 63) / 64 * 64;
  for (Slot& slot : slots_) {
    slot.images.reset(static_cast<float*>(std::aligned_alloc(64, bytes)));
    slot.labels.resize(options.batch_size);
    slot.batch.images = {slot.images.get(), static_cast<size_t>(floats)};
    slot.batch.labels = slot.labels;
  }
}

Loader::~Loader() { StopThread(); }

void Loader::StopThread() {
  if (!thread_.joinable()) return;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
  stop_ = false;
}

void Loader::Start(int64_t epoch, int64_t first_batch) {
  if (thread_.joinable() && error_.ok()) {
    if (next_epoch_ == epoch && next_batch_ == first_batch) return;
    if (next_epoch_ + 1 == epoch && next_batch_ == batches_per_epoch_ &&
        first_batch == 0) {
      next_epoch_ = epoch;
      next_batch_ = 0;
      return;
    }
  }
  StopThread();
  error_ = absl::OkStatus();
  made_ = taken_ = 0;
  holding_ = false;
  next_epoch_ = epoch;
  next_batch_ = std::clamp<int64_t>(first_batch, 0, batches_per_epoch_);
  const bool at_end = next_batch_ == batches_per_epoch_;
  made_epoch_ = at_end ? epoch + 1 : epoch;
  made_batch_ = at_end ? 0 : next_batch_;
  thread_ = std::thread([this] { Produce(); });
}

absl::StatusOr<const Batch*> Loader::Next() {
  if (!thread_.joinable()) Start(0);
  if (!error_.ok()) return error_;
  if (next_batch_ == batches_per_epoch_) return nullptr;
  Slot* slot;
  {
    std::unique_lock<std::mutex> lock(mutex_);
    if (holding_) {
      holding_ = false;
      changed_.notify_all();
    }
    changed_.wait(lock, [this] { return made_ > taken_; });
    slot = &slots_[taken_ % slots_.size()];
    ++taken_;
    holding_ = true;
  }
  ++next_batch_;
  if (!slot->status.ok()) {
    error_ = slot->status;
    return error_;
  }
  return &slot->batch;
}

void Loader::Produce() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] {
      const int64_t used = made_ - taken_ + (holding_ ? 1 : 0);
      return stop_ || used < static_cast<int64_t>(slots_.size());
    });
    if (stop_) return;
    Slot& slot = slots_[made_ % slots_.size()];
    lock.unlock();
    Fill(made_epoch_, made_batch_, slot);
    if (++made_batch_ == batches_per_epoch_) {
      ++made_epoch_;
      made_batch_ = 0;
    }
    lock.lock();
    ++made_;
    changed_.notify_all();
  }
}

void Loader::Fill(int64_t epoch, int64_t batch, Slot& slot) {
  if (options_.shuffle && order_epoch_ != epoch) {
    order_ = RandomStream(options_.seed, kOrderStream, epoch)
                 .Permutation(dataset_.size());
    order_epoch_ = epoch;
  }
  const int64_t first = batch * options_.batch_size;
  const int64_t count = std::min(options_.batch_size, dataset_.size() - first);
  const int64_t image_size = dataset_.shape().size();
  slot.status = absl::OkStatus();
  slot.batch.count = count;
  slot.batch.epoch = epoch;
  slot.batch.index = batch;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t index = options_.shuffle ? order_[first + i] : first + i;
    const uint8_t* pixels = dataset_.InMemory(index);
    if (pixels != nullptr) {
      slot.labels[i] = dataset_.label(index);
    } else {
      slot.status.Update(dataset_.Read(index, pixels_, &slot.labels[i]));
      if (!slot.status.ok()) return;
      pixels = pixels_.data();
    }
    transform_.Apply(pixels,
                     DecideAugmentation(options_.augmentation, dataset_.shape(),
                                        options_.seed, epoch, index),
                     slot.images.get() + i * image_size);
  }
  std::fill(slot.images.get() + count * image_size,
            slot.images.get() + options_.batch_size * image_size, 0.0f);
  std::fill(slot.labels.begin() + count, slot.labels.end(), 0);
}

}  // namespace tritlab
