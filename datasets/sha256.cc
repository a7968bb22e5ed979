#include "datasets/sha256.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <new>
#include <vector>

#include "absl/strings/escaping.h"
#include "base/random_access_file.h"
#include "base/status_macros.h"

namespace tritlab {
namespace {

constexpr int64_t kPieceBytes = 1 << 20;

class Digest {
 public:
  Digest() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    // They fail where no memory is left, and for nothing else.
    if (context_ == nullptr ||
        EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1) {
      throw std::bad_alloc();
    }
  }
  void Add(absl::string_view bytes) {
    EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
  }
  std::string Finish() {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    EVP_DigestFinal_ex(context_.get(), digest, &size);
    return absl::BytesToHexString(
        absl::string_view(reinterpret_cast<const char*>(digest), size));
  }

 private:
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context_;
};

}  // namespace

std::string Sha256(absl::string_view bytes) {
  Digest digest;
  digest.Add(bytes);
  return digest.Finish();
}

absl::StatusOr<std::string> Sha256OfFile(absl::string_view path) {
  ASSIGN_OR_RETURN(const std::unique_ptr<RandomAccessFile> file,
                   RandomAccessFile::Open(path));
  Digest digest;
  std::string piece;
  for (int64_t at = 0; at < file->size(); at += kPieceBytes) {
    RETURN_IF_ERROR(
        file->Read(at, std::min(kPieceBytes, file->size() - at), &piece));
    digest.Add(piece);
  }
  return digest.Finish();
}

}  // namespace tritlab
