#include "datasets/sha256.h"

#include <string>

#include "base/file.h"
#include "gtest/gtest.h"

namespace tritlab {
namespace {

// The examples that NIST publishes with FIPS 180-4.
TEST(Sha256Test, PublishedExamples) {
  EXPECT_EQ(Sha256(""),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

// Pieces must join up: a file that is larger than one of them.
TEST(Sha256Test, AFileHasTheDigestOfItsBytes) {
  std::string bytes((3 << 20) / 2 + 1, 'x');
  bytes[1 << 20] = 'y';
  const std::string path = JoinPath(testing::TempDir(), "sha256_test");
  ASSERT_TRUE(WriteFileAtomically(path, bytes).ok());
  EXPECT_EQ(Sha256OfFile(path).value(), Sha256(bytes));
}

TEST(Sha256Test, AMissingFileIsNotFound) {
  EXPECT_TRUE(absl::IsNotFound(Sha256OfFile("/no/such/file").status()));
}

}  // namespace
}  // namespace tritlab
