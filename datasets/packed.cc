#include "datasets/packed.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/record_file.h"
#include "base/status_macros.h"
#include "datasets/packed.pb.h"
#include "datasets/packed_errors.h"

namespace tritlab {
namespace {

constexpr char kFormat[] = "tritlab packed images";
constexpr int kVersion = 1;
// A chunk is what the reader takes into memory at a time.
constexpr int64_t kChunkBytes = 4 << 20;

absl::Status WriteImages(const Dataset& dataset, RecordWriter& writer) {
  const int64_t image_size = dataset.shape().size();
  const int64_t chunk = std::max<int64_t>(1, kChunkBytes / image_size);
  for (int64_t begin = 0; begin < dataset.size(); begin += chunk) {
    const int64_t end = std::min(begin + chunk, dataset.size());
    PackedChunk message;
    std::string& pixels = *message.mutable_pixels();
    pixels.resize((end - begin) * image_size);
    for (int64_t i = begin; i < end; ++i) {
      int32_t label;
      auto* const image =
          reinterpret_cast<uint8_t*>(pixels.data()) + (i - begin) * image_size;
      RETURN_IF_ERROR(
          dataset.Read(i, {image, static_cast<size_t>(image_size)}, &label));
      message.add_labels(label);
    }
    RETURN_IF_ERROR(writer.Write(message.SerializeAsString()));
  }
  return absl::OkStatus();
}

absl::Status Damaged(absl::string_view path, int64_t offset) {
  return PackedDamage(path, "header", offset);
}

}  // namespace

absl::Status WritePackedDataset(absl::string_view path, const Dataset* train,
                                const Dataset* test) {
  const Dataset* const first = train != nullptr ? train : test;
  if (first == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": there are no images to write"));
  }
  PackedHeader header;
  header.set_format(kFormat);
  header.set_version(kVersion);
  header.set_name(first->info().name);
  header.set_height(first->shape().height);
  header.set_width(first->shape().width);
  header.set_channels(first->shape().channels);
  for (const std::string& name : first->class_names()) {
    header.add_class_names(name);
  }
  for (float value : first->normalization().mean) header.add_mean(value);
  for (float value : first->normalization().std) header.add_std(value);
  for (const auto& [split, dataset] :
       {std::pair{Split::kTrain, train}, std::pair{Split::kTest, test}}) {
    if (dataset == nullptr) continue;
    if (!(dataset->shape() == first->shape()) ||
        dataset->class_names() != first->class_names()) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": the splits differ in image size or classes"));
    }
    PackedSplit& packed = *header.add_splits();
    packed.set_name(SplitName(split));
    packed.set_images(dataset->size());
    packed.set_checksum(dataset->checksum());
    packed.set_source(dataset->source());
  }
  ASSIGN_OR_RETURN(std::unique_ptr<RecordWriter> writer,
                   RecordWriter::Create(path));
  RETURN_IF_ERROR(writer->Write(header.SerializeAsString()));
  if (train != nullptr) RETURN_IF_ERROR(WriteImages(*train, *writer));
  if (test != nullptr) RETURN_IF_ERROR(WriteImages(*test, *writer));
  return writer->Commit();
}

absl::StatusOr<std::unique_ptr<Dataset>> ReadPackedDataset(
    absl::string_view path, Split split) {
  ASSIGN_OR_RETURN(std::unique_ptr<RecordReader> reader,
                   RecordReader::Open(path));
  std::string record;
  ASSIGN_OR_RETURN(bool more, reader->Next(&record));
  PackedHeader header;
  if (!more || !header.ParseFromString(record) || header.format() != kFormat ||
      header.version() != kVersion) {
    return NotPacked(path);
  }
  DatasetInfo info;
  info.name = header.name();
  info.source = std::string(path);
  info.shape = {header.height(), header.width(), header.channels()};
  info.class_names.assign(header.class_names().begin(),
                          header.class_names().end());
  info.normalization = {{header.mean().begin(), header.mean().end()},
                        {header.std().begin(), header.std().end()}};
  if (info.shape.height < 1 || info.shape.width < 1 ||
      info.shape.channels < 1 || info.shape.height > 65535 ||
      info.shape.width > 65535 || info.shape.channels > 65535) {
    return NotPacked(path);
  }
  const int64_t image_size = info.shape.size();
  for (const PackedSplit& packed : header.splits()) {
    const bool wanted = packed.name() == SplitName(split);
    // No more images than the rest of the file has bytes for.
    if (packed.images() < 0 ||
        packed.images() > reader->file_size() / image_size) {
      return Damaged(path, 0);
    }
    if (wanted) {
      RETURN_IF_ERROR(CheckImageMemory(path, packed.images(), info.shape));
    }
    std::vector<uint8_t> pixels(wanted ? packed.images() * image_size : 0);
    std::vector<int32_t> labels;
    int64_t images = 0;
    while (images < packed.images()) {
      const int64_t offset = reader->offset();
      ASSIGN_OR_RETURN(more, reader->Next(&record));
      PackedChunk chunk;
      if (!more || !chunk.ParseFromString(record)) return Damaged(path, offset);
      const int64_t count = chunk.labels_size();
      if (count < 1 || count > packed.images() - images ||
          static_cast<int64_t>(chunk.pixels().size()) != count * image_size) {
        return Damaged(path, offset);
      }
      if (wanted) {
        labels.insert(labels.end(), chunk.labels().begin(),
                      chunk.labels().end());
        std::copy(chunk.pixels().begin(), chunk.pixels().end(),
                  pixels.begin() + images * image_size);
      }
      images += count;
    }
    if (!wanted) continue;
    ASSIGN_OR_RETURN(std::unique_ptr<MemoryDataset> dataset,
                     MemoryDataset::Create(std::move(info), std::move(pixels),
                                           std::move(labels)));
    if (dataset->checksum() != packed.checksum()) {
      return Damaged(path, reader->offset());
    }
    return dataset;
  }
  return SplitNotPacked(path, split);
}

}  // namespace tritlab
