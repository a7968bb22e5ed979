#include "training/metrics.h"

#include <fcntl.h>
#include <unistd.h>

#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/record_file.h"
#include "gtest/gtest.h"
#include "training/tensorboard.pb.h"

namespace tritlab {
namespace {

constexpr char kHeader[] =
    "phase,epoch,step,learning_rate,train_loss,train_top1,test_loss,test_top1,"
    "weight_sparsity,seconds\n";

// An empty folder for the test that runs.
std::string Folder() {
  const std::string folder = JoinPath(
      testing::TempDir(),
      absl::StrCat(
          "metrics_",
          testing::UnitTest::GetInstance()->current_test_info()->name()));
  EXPECT_TRUE(MakeDirectories(folder).ok());
  for (const char* name :
       {MetricsWriter::kCsvName, MetricsWriter::kEventsName}) {
    unlink(JoinPath(folder, name).c_str());
  }
  return folder;
}

MetricsRow Row(const std::string& phase, int epoch) {
  MetricsRow row;
  row.phase = phase;
  row.epoch.set_epoch(epoch);
  row.epoch.set_step(100 * epoch);
  row.epoch.set_learning_rate(0.1);
  row.epoch.set_train_loss(2.5);
  row.epoch.set_train_top1(40);
  row.epoch.set_test_loss(1.0 / 3);
  row.epoch.set_test_top1(50 + epoch);
  row.epoch.set_weight_sparsity(0.25);
  row.epoch.set_seconds(10 * epoch);
  (*row.epoch.mutable_values())["conv2/w_p"] = 1.5;
  (*row.epoch.mutable_values())["conv2/w_n"] = 0.5;
  return row;
}

std::string Csv(const std::string& folder) {
  return *ReadFile(JoinPath(folder, MetricsWriter::kCsvName));
}

std::string EventBytes(const std::string& folder) {
  return *ReadFile(JoinPath(folder, MetricsWriter::kEventsName));
}

std::vector<tensorboard::Event> Events(const std::string& folder) {
  std::vector<tensorboard::Event> events;
  auto reader =
      RecordReader::Open(JoinPath(folder, MetricsWriter::kEventsName));
  EXPECT_TRUE(reader.ok()) << reader.status();
  std::string data;
  while (true) {
    const auto more = (*reader)->Next(&data);
    EXPECT_TRUE(more.ok()) << more.status();
    if (!more.ok() || !*more) return events;
    EXPECT_TRUE(events.emplace_back().ParseFromString(data));
  }
}

TEST(MetricsWriter, ARowIsInBothFilesWhenAppendReturns) {
  const std::string folder = Folder();
  auto writer = MetricsWriter::Open(folder, {});
  ASSERT_TRUE(writer.ok()) << writer.status();
  EXPECT_EQ(Csv(folder), kHeader);
  ASSERT_EQ(Events(folder).size(), 1u);
  EXPECT_EQ(Events(folder)[0].file_version(), "brain.Event:2");

  ASSERT_TRUE((*writer)->Append(Row("ttq", 1)).ok());
  EXPECT_EQ(Csv(folder),
            absl::StrCat(kHeader,
                         "ttq,1,100,0.1,2.5,40,0.3333333333333333,51,0.25,10"
                         "\n"));
  const std::vector<tensorboard::Event> events = Events(folder);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[1].step(), 100);
  EXPECT_EQ(events[1].wall_time(), 10);
  std::string scalars;
  for (const auto& value : events[1].summary().value()) {
    absl::StrAppend(&scalars, value.tag(), "=", value.simple_value(), " ");
  }
  EXPECT_EQ(scalars,
            "ttq/top1/test=51 ttq/top1/train=40 ttq/loss/test=0.333333 "
            "ttq/loss/train=2.5 ttq/learning_rate=0.1 "
            "ttq/weight_sparsity=0.25 ttq/conv2/w_n=0.5 ttq/conv2/w_p=1.5 ");
}

// Protects: after a kill and a resume from an older checkpoint there is no row
// twice and none torn, and the bytes are those of a run that never stopped.
TEST(MetricsWriter, OpenGoesBackToTheHistory) {
  const std::string folder = Folder();
  const std::vector<MetricsRow> rows = {
      Row("full_precision", 1), Row("full_precision", 2), Row("ttq", 1)};
  {
    auto writer = MetricsWriter::Open(folder, {});
    for (const MetricsRow& row : rows) {
      ASSERT_TRUE((*writer)->Append(row).ok());
    }
  }
  const std::string csv = Csv(folder);
  const std::string events = EventBytes(folder);

  for (size_t kept = 0; kept <= rows.size(); ++kept) {
    // What a kill in the middle of a write leaves.
    for (const char* name :
         {MetricsWriter::kCsvName, MetricsWriter::kEventsName}) {
      const int file =
          open(JoinPath(folder, name).c_str(), O_WRONLY | O_APPEND);
      ASSERT_EQ(write(file, "ttq,9,9", 7), 7);
      close(file);
    }
    auto writer = MetricsWriter::Open(folder, {rows.data(), kept});
    ASSERT_TRUE(writer.ok()) << writer.status();
    for (size_t i = kept; i < rows.size(); ++i) {
      ASSERT_TRUE((*writer)->Append(rows[i]).ok());
    }
    EXPECT_EQ(Csv(folder), csv);
    EXPECT_EQ(EventBytes(folder), events);
  }
}

// Protects: the tags of weight sets, which TensorBoard groups by layer.
TEST(MetricsWriter, WeightSetsAreScalars) {
  const std::string folder = Folder();
  auto writer = MetricsWriter::Open(folder, {});
  MetricsRow row = Row("ttq", 1);
  row.epoch.clear_values();
  WeightSets& sets = *row.epoch.add_weight_sets();
  sets.set_layer("conv2");
  sets.set_positive(0.25f);
  sets.set_zero(0.5f);
  sets.set_negative(0.25f);
  sets.set_changed(0.125f);
  sets.mutable_gradients()->set_zero(2);
  (*sets.mutable_gradients()->mutable_learned())["w_p"] = -3;
  ASSERT_TRUE((*writer)->Append(row).ok());
  std::string scalars;
  const std::vector<tensorboard::Event> events = Events(folder);
  for (const auto& value : events[1].summary().value()) {
    if (value.tag().find("conv2") != std::string::npos)
      absl::StrAppend(&scalars, value.tag(), "=", value.simple_value(), " ");
  }
  EXPECT_EQ(scalars,
            "ttq/conv2/positive=0.25 ttq/conv2/zero=0.5 "
            "ttq/conv2/negative=0.25 ttq/conv2/changed=0.125 "
            "ttq/conv2/gradient_norm/positive=0 ttq/conv2/gradient_norm/zero=2 "
            "ttq/conv2/gradient_norm/negative=0 ttq/conv2/gradient/w_p=-3 ");
}

// Protects: pictures of finished epochs, which only the event file remembers,
// across a kill and a resume; those of an epoch that is done again are not
// there twice.
TEST(MetricsWriter, OpenKeepsThePicturesOfTheHistory) {
  const std::string folder = Folder();
  const std::vector<MetricsRow> rows = {Row("full_precision", 1), Row("ttq", 1),
                                        Row("ttq", 2)};
  const std::vector<float> weights = {1, 2, 2, 4};
  const auto append = [&](MetricsWriter& writer, const MetricsRow& row) {
    TensorBoardPictures pictures;
    if (row.phase == "ttq") {
      pictures.histograms = {{"ttq/conv2/latent_weights", weights}};
      pictures.images = {{"ttq/conv2/kernels", 8, 16, "JPEG"}};
    }
    ASSERT_TRUE(writer.Append(row, pictures).ok());
  };
  {
    auto writer = MetricsWriter::Open(folder, {});
    for (const MetricsRow& row : rows) append(**writer, row);
  }
  const std::string bytes = EventBytes(folder);
  const std::vector<tensorboard::Event> events = Events(folder);
  ASSERT_EQ(events.size(), 6u);  // a version, three rows, two with pictures
  EXPECT_EQ(events[3].step(), 100);
  EXPECT_EQ(events[3].wall_time(), events[2].wall_time());
  ASSERT_EQ(events[3].summary().value_size(), 2);
  EXPECT_EQ(events[3].summary().value(0).histo().num(), 4);
  EXPECT_EQ(events[3].summary().value(1).image().encoded_image_string(),
            "JPEG");

  for (size_t kept = rows.size(); kept-- > 1;) {
    const int file = open(JoinPath(folder, MetricsWriter::kEventsName).c_str(),
                          O_WRONLY | O_APPEND);
    ASSERT_EQ(write(file, "torn", 4), 4);
    close(file);
    auto writer = MetricsWriter::Open(folder, {rows.data(), kept});
    ASSERT_TRUE(writer.ok()) << writer.status();
    for (size_t i = kept; i < rows.size(); ++i) append(**writer, rows[i]);
    EXPECT_EQ(EventBytes(folder), bytes);
  }
}

// Protects: TensorBoard's time axis, which must not go back at a phase's start.
TEST(MetricsWriter, TimeGoesOnFromPhaseToPhase) {
  const std::string folder = Folder();
  const std::vector<MetricsRow> history = {Row("full_precision", 1),
                                           Row("full_precision", 2)};
  auto writer = MetricsWriter::Open(folder, history);
  ASSERT_TRUE(writer.ok()) << writer.status();
  ASSERT_TRUE((*writer)->Append(Row("ttq", 1)).ok());
  ASSERT_TRUE((*writer)->Append(Row("ttq", 2)).ok());
  std::vector<double> times;
  for (const auto& event : Events(folder)) times.push_back(event.wall_time());
  EXPECT_EQ(times, (std::vector<double>{0, 10, 20, 30, 40}));
}

TEST(MetricsWriter, NotANumberAndOddNames) {
  const std::string folder = Folder();
  MetricsRow row = Row("a,\"b\"\nc", 1);
  row.epoch.set_test_loss(std::numeric_limits<double>::quiet_NaN());
  row.epoch.set_train_loss(std::numeric_limits<double>::infinity());
  auto writer = MetricsWriter::Open(folder, {});
  ASSERT_TRUE((*writer)->Append(row).ok());
  EXPECT_EQ(Csv(folder),
            absl::StrCat(kHeader,
                         "\"a,\"\"b\"\" c\",1,100,0.1,inf,40,nan,51,"
                         "0.25,10\n"));
}

TEST(MetricsWriter, AMissingFolderIsNamed) {
  const std::string folder = JoinPath(Folder(), "none");
  const auto writer = MetricsWriter::Open(folder, {});
  ASSERT_FALSE(writer.ok());
  EXPECT_NE(writer.status().message().find(folder), std::string::npos);
}

}  // namespace
}  // namespace tritlab
