#include "datasets/training_tars.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/file.h"
#include "base/random_access_file.h"
#include "base/status_macros.h"
#include "datasets/class_list.h"
#include "datasets/image_archive.h"
#include "datasets/stored_images.h"
#include "datasets/tar_reader.h"

namespace tritlab {
namespace {

// A part of a tar file.
struct Piece {
  int64_t offset;
  int64_t size;
};
// By the last part of their names, in the order of its bytes.
using Pieces = std::map<std::string, Piece>;

// The files in a tar file, which may itself be a piece of `file`, whose names
// `wanted` takes.
absl::StatusOr<Pieces> ListTar(
    const RandomAccessFile& file, const Piece& tar, const std::string& name,
    absl::FunctionRef<bool(absl::string_view)> wanted) {
  ASSIGN_OR_RETURN(const std::unique_ptr<TarReader> reader,
                   TarReader::Open(file, tar.offset, tar.size, name));
  Pieces pieces;
  TarReader::Member member;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, reader->Next(&member));
    if (!more) return pieces;
    const std::string base = member.name.substr(member.name.rfind('/') + 1);
    if (member.folder || !wanted(base)) continue;
    if (member.offset < 0) {
      return absl::InvalidArgumentError(
          absl::StrCat(name,
                       ": is compressed; unpack it with gunzip, its images are "
                       "JPEGs, which gzip does not make smaller"));
    }
    if (!member.file) {
      return absl::InvalidArgumentError(absl::StrCat(
          name, ": ", member.name, " is no regular file; get it again"));
    }
    if (!pieces.emplace(base, Piece{member.offset, member.size}).second) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, ": ", member.name, " is in the archive twice"));
    }
  }
}

bool IsClassTar(absl::string_view name) {
  return absl::EndsWith(name, ".tar") && !absl::StartsWith(name, ".");
}

// The classes' tar files in ILSVRC2012_img_train.tar.
absl::StatusOr<Pieces> ListClasses(const RandomAccessFile& file) {
  ASSIGN_OR_RETURN(Pieces classes,
                   ListTar(file, {0, file.size()}, file.path(), IsClassTar));
  if (classes.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        file.path(), ": has no .tar file for each class; get it again"));
  }
  return classes;
}

absl::StatusOr<std::vector<std::string>> Named(
    absl::string_view folder, const std::vector<std::string>& classes) {
  ASSIGN_OR_RETURN(const std::string list, ReadClassList(folder));
  return NamedClasses(classes, list);
}

std::string ClassOf(const std::string& tar_name) {
  return std::string(absl::StripSuffix(tar_name, ".tar"));
}

absl::StatusOr<std::unique_ptr<EncodedImages>> OpenTraining(
    absl::string_view folder) {
  ASSIGN_OR_RETURN(std::unique_ptr<RandomAccessFile> file,
                   RandomAccessFile::Open(JoinPath(folder, kTrainingTar)));
  ASSIGN_OR_RETURN(const Pieces tars, ListClasses(*file));
  std::vector<std::string> classes;
  ImageIndex index;
  for (const auto& [tar_name, tar] : tars) {
    const std::string message_name = absl::StrCat(file->path(), ": ", tar_name);
    ASSIGN_OR_RETURN(const Pieces images,
                     ListTar(*file, tar, message_name, IsImageName));
    if (images.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(message_name, ": has no .jpg or .jpeg files"));
    }
    for (const auto& [name, image] : images) {
      index.Add(absl::StrCat("train/", ClassOf(tar_name), "/", name),
                static_cast<int32_t>(classes.size()), image.offset, image.size);
    }
    classes.push_back(ClassOf(tar_name));
  }
  ASSIGN_OR_RETURN(std::vector<std::string> names, Named(folder, classes));
  return std::make_unique<ArchivedImages>(std::move(file), std::move(names),
                                          std::move(index));
}

absl::StatusOr<std::unique_ptr<EncodedImages>> OpenValidation(
    absl::string_view folder) {
  const std::string labels_path = JoinPath(folder, kValidationLabels);
  if (!FileExists(labels_path)) {
    return absl::InvalidArgumentError(absl::StrCat(
        labels_path, ": is missing; put the classes of ", kValidationTar,
        "'s images there, one a line, or sort them into val/WNID/"));
  }
  ASSIGN_OR_RETURN(const std::string contents,
                   ReadFile(labels_path, kMaxClassListBytes));
  const std::vector<std::string> labels = ClassListLines(contents);
  // The classes are training's, or where it is missing, those that occur.
  std::set<std::string> occurring(labels.begin(), labels.end());
  std::vector<std::string> classes(occurring.begin(), occurring.end());
  if (const std::string training = JoinPath(folder, kTrainingTar);
      FileExists(training)) {
    ASSIGN_OR_RETURN(const std::unique_ptr<RandomAccessFile> tar,
                     RandomAccessFile::Open(training));
    ASSIGN_OR_RETURN(const Pieces tars, ListClasses(*tar));
    classes.clear();
    for (const auto& [tar_name, piece] : tars)
      classes.push_back(ClassOf(tar_name));
  }
  ASSIGN_OR_RETURN(std::unique_ptr<RandomAccessFile> file,
                   RandomAccessFile::Open(JoinPath(folder, kValidationTar)));
  ASSIGN_OR_RETURN(const Pieces images, ListTar(*file, {0, file->size()},
                                                file->path(), IsImageName));
  if (images.empty() || images.size() != labels.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat(labels_path, ": has ", labels.size(), " lines where ",
                     file->path(), " has ", images.size(), " images"));
  }
  ImageIndex index;
  for (const auto& [name, image] : images) {
    const std::string& label = labels[index.size()];
    const auto found = std::lower_bound(classes.begin(), classes.end(), label);
    if (found == classes.end() || *found != label) {
      return absl::InvalidArgumentError(
          absl::StrCat(labels_path, ": line ", index.size() + 1, ": ", label,
                       " is a class that ", kTrainingTar, " does not have"));
    }
    index.Add(absl::StrCat("val/", name),
              static_cast<int32_t>(found - classes.begin()), image.offset,
              image.size);
  }
  ASSIGN_OR_RETURN(std::vector<std::string> names, Named(folder, classes));
  return std::make_unique<ArchivedImages>(std::move(file), std::move(names),
                                          std::move(index));
}

}  // namespace

bool HoldsTrainingTars(absl::string_view folder) {
  return FileExists(JoinPath(folder, kTrainingTar)) ||
         FileExists(JoinPath(folder, kValidationTar));
}

absl::StatusOr<std::unique_ptr<EncodedImages>> OpenTrainingTars(
    absl::string_view folder, Split split) {
  const std::string path =
      JoinPath(folder, split == Split::kTrain ? kTrainingTar : kValidationTar);
  if (!FileExists(path))
    return absl::NotFoundError(absl::StrCat(path, ": is missing"));
  return split == Split::kTrain ? OpenTraining(folder) : OpenValidation(folder);
}

}  // namespace tritlab
