#include "datasets/loader.h"

#include <omp.h>

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
// In training, so many images in a row may be left out.
constexpr int64_t kMostInARow = 100;
// Shares of a batch for each thread: the slowest one is not waited for long.
constexpr int64_t kPartsPerThread = 4;

// How many threads make batches.
int ThreadCount(const Loader::Options& options, bool in_memory) {
  if (options.threads > 0) return options.threads;
  return in_memory ? 1 : omp_get_max_threads();
}

int64_t Groups(const Dataset& dataset, const Loader::Options& options) {
  return (dataset.size() + (options.drop_last ? 0 : options.batch_size - 1)) /
         options.batch_size;
}

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
  RETURN_IF_ERROR(ValidateAugmentationSpec(
      complete.augmentation, dataset.shape(), dataset.info().shorter_side));
  if (options.ten_crop && dataset.info().shorter_side == 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "ten_crop: ", dataset.source(),
        " has images of one size, which are not cropped; remove it"));
  }
  if (options.batch_size < 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "batch_size: ", options.batch_size, " is not a number of images"));
  }
  if (options.ranks < 1 || options.rank < 0 || options.rank >= options.ranks ||
      options.batch_size % options.ranks != 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "batch_size: ", options.batch_size, " images cannot be shared by ",
        options.ranks, " ranks (this is rank ", options.rank,
        "); it must be a multiple of their number"));
  }
  if (options.queue_batches < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("queue_batches: ", options.queue_batches,
                     " is impossible; give 1 or more"));
  }
  if (options.threads < 0 || options.threads > 1024) {
    return absl::InvalidArgumentError(
        absl::StrCat("threads: ", options.threads, " is not 0 to 1024"));
  }
  const int64_t needed = options.drop_last ? options.batch_size : 1;
  if (dataset.size() < needed) {
    return absl::InvalidArgumentError(
        absl::StrCat(dataset.source(), ": holds ", dataset.size(),
                     " images, fewer than one batch of ", needed,
                     options.drop_last ? "; give a smaller batch_size" : ""));
  }
  const std::string what =
      absl::StrCat("batch_size: ", options.batch_size, " images, in ",
                   options.queue_batches, " batches and one more");
  const double bytes = 4.0 *
                       static_cast<double>(options.batch_size / options.ranks) *
                       dataset.shape().size() * (options.queue_batches + 1.0);
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
      share_(options.batch_size / options.ranks),
      in_memory_(dataset.InMemory(0) != nullptr),
      threads_count_(ThreadCount(options, in_memory_)),
      parts_(threads_count_ == 1
                 ? 1
                 : static_cast<int>(std::min<int64_t>(
                       share_, kPartsPerThread * threads_count_))),
      views_(options.ten_crop ? kTenCrops : 1),
      batches_per_epoch_(Groups(dataset, options) * views_),
      // One more for the batch that the caller holds.
      slots_(options.queue_batches + 1) {
  const int64_t floats = share_ * dataset.shape().size();
  // aligned_alloc wants a multiple of the alignment.
  const size_t bytes = (floats * sizeof(float) + 63) / 64 * 64;
  for (Slot& slot : slots_) {
    slot.images.reset(static_cast<float*>(std::aligned_alloc(64, bytes)));
    slot.labels.resize(share_);
    slot.statuses.resize(share_);
    slot.left_out.resize(share_);
    slot.batch.images = {slot.images.get(), static_cast<size_t>(floats)};
    slot.batch.labels = slot.labels;
  }
}

Loader::~Loader() { StopThreads(); }

void Loader::StopThreads() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  stop_ = false;
}

void Loader::Start(int64_t epoch, int64_t first_batch) {
  if (!threads_.empty() && error_.ok()) {
    if (next_epoch_ == epoch && next_batch_ == first_batch) return;
    if (next_epoch_ + 1 == epoch && next_batch_ == batches_per_epoch_ &&
        first_batch == 0) {
      next_epoch_ = epoch;
      next_batch_ = 0;
      return;
    }
  }
  StopThreads();
  error_ = absl::OkStatus();
  begun_ = taken_ = 0;
  next_part_ = parts_;
  holding_ = false;
  next_epoch_ = epoch;
  next_batch_ = std::clamp<int64_t>(first_batch, 0, batches_per_epoch_);
  const bool at_end = next_batch_ == batches_per_epoch_;
  made_epoch_ = at_end ? epoch + 1 : epoch;
  made_batch_ = at_end ? 0 : next_batch_;
  for (int i = 0; i < threads_count_; ++i)
    threads_.emplace_back([this] { Produce(); });
}

absl::StatusOr<const Batch*> Loader::Next() {
  if (threads_.empty()) Start(0);
  if (!error_.ok()) return error_;
  if (next_batch_ == batches_per_epoch_) return nullptr;
  Slot* slot;
  {
    std::unique_lock<std::mutex> lock(mutex_);
    if (holding_) {
      holding_ = false;
      changed_.notify_all();
    }
    slot = &slots_[taken_ % slots_.size()];
    changed_.wait(lock, [&] { return begun_ > taken_ && slot->ready; });
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
  Pixels pixels(dataset_.shape().size());
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] {
      const int64_t used = begun_ - taken_ + (holding_ ? 1 : 0);
      return stop_ || next_part_ < parts_ ||
             used < static_cast<int64_t>(slots_.size());
    });
    if (stop_) return;
    if (next_part_ == parts_) {
      BeginBatch(slots_[begun_ % slots_.size()]);
      ++begun_;
      next_part_ = 0;
      changed_.notify_all();
    }
    Slot& slot = slots_[(begun_ - 1) % slots_.size()];
    const int part = next_part_++;
    lock.unlock();
    MakePart(part, slot, pixels);
    lock.lock();
    if (--slot.parts_left > 0) continue;
    // All others are done with this batch.
    lock.unlock();
    FinishBatch(slot);
    lock.lock();
    slot.ready = true;
    changed_.notify_all();
  }
}

void Loader::BeginBatch(Slot& slot) {
  if (options_.shuffle && order_epoch_ != made_epoch_) {
    order_ = std::make_shared<const Order>(
        RandomStream(options_.seed, kOrderStream, made_epoch_)
            .Permutation(dataset_.size()));
    order_epoch_ = made_epoch_;
  }
  slot.order = order_;
  slot.parts_left = parts_;
  slot.ready = false;
  slot.status = absl::OkStatus();
  std::fill(slot.statuses.begin(), slot.statuses.end(), absl::OkStatus());
  slot.batch.epoch = made_epoch_;
  slot.batch.index = made_batch_;
  slot.batch.view = static_cast<int>(made_batch_ % views_);
  slot.batch.first = FirstOfShare(slot.batch);
  slot.batch.count =
      std::clamp<int64_t>(dataset_.size() - slot.batch.first, 0, share_);
  if (++made_batch_ == batches_per_epoch_) {
    ++made_epoch_;
    made_batch_ = 0;
  }
}

int64_t Loader::images_per_epoch() const {
  return std::min(dataset_.size(),
                  batches_per_epoch_ / views_ * options_.batch_size);
}

int64_t Loader::FirstOfShare(const Batch& batch) const {
  return batch.index / views_ * options_.batch_size + options_.rank * share_;
}

void Loader::MakePart(int part, Slot& slot, Pixels& pixels) {
  const int64_t first = FirstOfShare(slot.batch);
  const int64_t begin = slot.batch.count * part / parts_;
  const int64_t end = slot.batch.count * (part + 1) / parts_;
  for (int64_t i = begin; i < end; ++i) {
    const int64_t index = slot.order ? (*slot.order)[first + i] : first + i;
    slot.statuses[i] = MakeImageOrNext(index, i, slot, pixels);
  }
}

absl::Status Loader::MakeImageOrNext(int64_t index, int64_t i, Slot& slot,
                                     Pixels& pixels) {
  for (int64_t tried = 1;; ++tried) {
    const absl::Status status = WithinMemory(
        dataset_.source(), [&] { return MakeImage(index, i, slot, pixels); });
    slot.left_out[i] = !status.ok() && dataset_.LeaveOut(index, status);
    if (!slot.left_out[i] || !options_.drop_last) return status;
    if (tried == std::min(kMostInARow, dataset_.size())) {
      slot.left_out[i] = false;
      return absl::InvalidArgumentError(
          absl::StrCat(dataset_.source(), ": ", tried,
                       " images in a row cannot be read, the last of them: ",
                       status.message()));
    }
    index = (index + 1) % dataset_.size();
  }
}

absl::Status Loader::MakeImage(int64_t index, int64_t i, Slot& slot,
                               Pixels& pixels) {
  const ImageShape& shape = dataset_.shape();
  const int64_t epoch = slot.batch.epoch;
  const uint8_t* source = in_memory_ ? dataset_.InMemory(index) : nullptr;
  if (options_.ten_crop) {
    source = nullptr;
    RETURN_IF_ERROR(dataset_.ReadRegions(
        index,
        [&](const ImageSize& image) {
          const auto regions = FiveRegions(image, dataset_.info().shorter_side,
                                           {shape.height, shape.width});
          return std::vector<Region>{regions[slot.batch.view % regions.size()]};
        },
        pixels, &slot.labels[i]));
  } else if (HasRandomRegion(options_.augmentation)) {
    source = nullptr;
    RETURN_IF_ERROR(dataset_.ReadRegions(
        index,
        [&](const ImageSize& image) {
          return std::vector<Region>{DecideRegion(
              options_.augmentation, image, shape, dataset_.info().shorter_side,
              options_.seed, epoch, index)};
        },
        pixels, &slot.labels[i]));
  } else if (source != nullptr) {
    slot.labels[i] = dataset_.label(index);
  } else {
    RETURN_IF_ERROR(dataset_.Read(index, pixels, &slot.labels[i]));
  }
  AugmentationDecision decision = DecideAugmentation(
      options_.augmentation, shape, options_.seed, epoch, index);
  if (slot.batch.view >= kTenCrops / 2) decision.flip = !decision.flip;
  if (options_.augmentation.has_color_jitter()) {
    if (source != nullptr) std::copy_n(source, shape.size(), pixels.begin());
    source = nullptr;
    ApplyColor(decision.color, shape.size() / shape.channels, pixels.data());
  }
  transform_.Apply(source != nullptr ? source : pixels.data(), decision,
                   slot.images.get() + i * shape.size());
  return absl::OkStatus();
}

void Loader::FinishBatch(Slot& slot) {
  const int64_t image_size = dataset_.shape().size();
  float* const images = slot.images.get();
  absl::Status left_out;
  int64_t kept = 0;
  for (int64_t i = 0; i < slot.batch.count; ++i) {
    if (!slot.statuses[i].ok()) {
      if (!slot.left_out[i]) {
        slot.status = slot.statuses[i];
        return;
      }
      left_out.Update(slot.statuses[i]);
      continue;
    }
    if (kept < i) {
      std::copy_n(images + i * image_size, image_size,
                  images + kept * image_size);
      slot.labels[kept] = slot.labels[i];
    }
    ++kept;
  }
  // One of several ranks may have nothing of a batch.
  if (kept == 0 && slot.batch.count > 0 && options_.ranks == 1) {
    slot.status = absl::InvalidArgumentError(
        absl::StrCat(dataset_.source(),
                     ": none of a batch's images can be read, the first of "
                     "them: ",
                     left_out.message()));
    return;
  }
  slot.batch.count = kept;
  std::fill(images + kept * image_size, images + share_ * image_size, 0.0f);
  std::fill(slot.labels.begin() + kept, slot.labels.end(), 0);
}

}  // namespace tritlab
