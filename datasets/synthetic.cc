#include "datasets/synthetic.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/random.h"
#include "base/status_macros.h"

namespace tritlab {
namespace {

constexpr int kSide = 32;
constexpr int kChannels = 3;
constexpr uint64_t kSyntheticStream = 0x73796e74;

constexpr const char* kClassNames[] = {"disc",  "ring", "square", "triangle",
                                       "cross", "bars", "checks", "crescent",
                                       "star",  "dots"};
constexpr int kClasses = std::size(kClassNames);

struct Point {
  float x, y;
};

float Length(Point p) { return std::sqrt(p.x * p.x + p.y * p.y); }

float Box(Point p, float half_width, float half_height) {
  return std::max(std::abs(p.x) - half_width, std::abs(p.y) - half_height);
}

float Triangle(Point p, float radius) {
  constexpr float kRoot3 = 1.7320508f;
  p.x = std::abs(p.x) - radius;
  p.y = p.y + radius / kRoot3;
  if (p.x + kRoot3 * p.y > 0) {
    p = {(p.x - kRoot3 * p.y) / 2, (-kRoot3 * p.x - p.y) / 2};
  }
  p.x -= std::clamp(p.x, -2 * radius, 0.0f);
  return p.y > 0 ? -Length(p) : Length(p);
}

// Five points at `radius`.
float Star(Point p, float radius, float sharpness) {
  constexpr float kCos = 0.809017f, kSin = 0.587785f;  // of 36 degrees
  p.x = std::abs(p.x);
  for (const Point k : {Point{kCos, -kSin}, Point{-kCos, -kSin}}) {
    const float fold = 2 * std::max(k.x * p.x + k.y * p.y, 0.0f);
    p = {p.x - fold * k.x, p.y - fold * k.y};
  }
  p.x = std::abs(p.x);
  p.y -= radius;
  const Point edge{sharpness * kSin, sharpness * kCos - 1};
  const float along = std::clamp(
      (p.x * edge.x + p.y * edge.y) / (edge.x * edge.x + edge.y * edge.y), 0.0f,
      radius);
  const float distance = Length({p.x - edge.x * along, p.y - edge.y * along});
  return p.y * edge.x - p.x * edge.y > 0 ? distance : -distance;
}

// Signed distance (about) from the edge of a shape of radius 1; negative
// inside.
float ShapeDistance(int label, Point p) {
  const float length = Length(p);
  switch (label) {
    case 0:
      return length - 0.8f;
    case 1:
      return std::abs(length - 0.68f) - 0.22f;
    case 2:
      return Box(p, 0.7f, 0.7f);
    case 3:
      return Triangle(p, 0.85f);
    case 4:
      return std::min(Box(p, 0.95f, 0.27f), Box(p, 0.27f, 0.95f));
    case 5:
      return std::min(Box({std::abs(p.x) - 0.7f, p.y}, 0.17f, 0.85f),
                      Box(p, 0.17f, 0.85f));
    case 6:
      return std::min(Box({p.x - 0.42f, p.y - 0.42f}, 0.42f, 0.42f),
                      Box({p.x + 0.42f, p.y + 0.42f}, 0.42f, 0.42f));
    case 7:
      return std::max(length - 0.9f, 0.7f - Length({p.x - 0.45f, p.y}));
    case 8:
      return Star(p, 1.0f, 0.45f);
    default:
      return Length({std::abs(p.x) - 0.55f, std::abs(p.y) - 0.55f}) - 0.35f;
  }
}

// The random numbers of one image, one after the other.
class Sequence {
 public:
  explicit Sequence(const RandomStream& random) : random_(random) {}
  float Uniform(float low, float high) {
    return random_.Uniform(index_++, low, high);
  }
  int64_t Below(int64_t n) { return random_.Below(index_++, n); }
  uint64_t Bits() { return random_.Bits(index_++); }
  // A point on the unit circle, without a sine: their last bits differ between
  // libraries.
  Point Direction() {
    while (true) {
      const Point p{Uniform(-1, 1), Uniform(-1, 1)};
      const float length = Length(p);
      if (length > 0.1f && length <= 1.0f) return {p.x / length, p.y / length};
    }
  }

 private:
  const RandomStream random_;
  uint64_t index_ = 0;
};

using Color = std::array<float, kChannels>;

class Canvas {
 public:
  // A smooth change from one colour to the other along `direction`.
  void FillGradient(const Color& from, const Color& to, Point direction) {
    ForEachPixel([&](Point p, float* pixel) {
      const float along = std::clamp(0.5f + ((p.x - kSide / 2) * direction.x +
                                             (p.y - kSide / 2) * direction.y) /
                                                kSide,
                                     0.0f, 1.0f);
      for (int c = 0; c < kChannels; ++c) {
        pixel[c] = from[c] + (to[c] - from[c]) * along;
      }
    });
  }

  // Adds `color` where `distance`, in pixels, is negative; edges are smooth.
  template <typename Distance>
  void Add(const Color& color, const Distance& distance) {
    ForEachPixel([&](Point p, float* pixel) {
      const float cover = std::clamp(0.5f - distance(p), 0.0f, 1.0f);
      for (int c = 0; c < kChannels; ++c) pixel[c] += cover * color[c];
    });
  }

  void Finish(float noise, Sequence& random, uint8_t* bytes) const {
    // The sum of four random bytes is close to normal, with this deviation.
    constexpr float kByteSumDeviation = 147.80f;
    const float scale = noise / kByteSumDeviation;
    uint64_t bits = 0;
    for (int i = 0; i < kSide * kSide * kChannels; ++i) {
      bits = i % 2 == 0 ? random.Bits() : bits >> 32;
      int sum = -510;
      for (int byte = 0; byte < 4; ++byte) sum += (bits >> (8 * byte)) & 0xff;
      const float value = pixels_[i] + scale * static_cast<float>(sum);
      bytes[i] = static_cast<uint8_t>(std::clamp(value + 0.5f, 0.0f, 255.0f));
    }
  }

 private:
  template <typename Function>
  void ForEachPixel(const Function& function) {
    for (int y = 0; y < kSide; ++y) {
      for (int x = 0; x < kSide; ++x) {
        function(Point{x + 0.5f, y + 0.5f},
                 &pixels_[(y * kSide + x) * kChannels]);
      }
    }
  }

  std::array<float, kSide * kSide * kChannels> pixels_{};
};

Color RandomColor(Sequence& random, float low, float high) {
  Color color;
  for (float& channel : color) channel = random.Uniform(low, high);
  return color;
}

// A difference between colours that can be seen: of `strength` in its largest
// channel, towards light or dark.
Color RandomContrast(Sequence& random, float strength) {
  Color color = RandomColor(random, 0.2f, 1.0f);
  const float largest = *std::max_element(color.begin(), color.end());
  const float factor = (random.Below(2) == 0 ? strength : -strength) / largest;
  for (float& channel : color) channel *= factor;
  return color;
}

struct Difficulty {
  float noise, clutter, contrast;
};

void AddStroke(Canvas& canvas, Sequence& random, float strength) {
  const Point from{random.Uniform(0, kSide), random.Uniform(0, kSide)};
  const Point direction = random.Direction();
  const float length = random.Uniform(3, 12);
  const float half_width = random.Uniform(0.6f, 1.8f);
  const Color color = RandomContrast(random, strength);
  canvas.Add(color, [&](Point p) {
    const Point d{p.x - from.x, p.y - from.y};
    const float along =
        std::clamp(d.x * direction.x + d.y * direction.y, 0.0f, length);
    return Length({d.x - along * direction.x, d.y - along * direction.y}) -
           half_width;
  });
}

void DrawImage(int label, const Difficulty& difficulty,
               const RandomStream& stream, uint8_t* bytes) {
  Sequence random(stream);
  Canvas canvas;
  const Color from = RandomColor(random, 60, 195);
  Color to = RandomColor(random, -50, 50);
  for (int c = 0; c < kChannels; ++c) to[c] += from[c];
  canvas.FillGradient(from, to, random.Direction());

  // Their number is `clutter` on average, up to twice it.
  const int strokes =
      static_cast<int>(random.Uniform(0, 2 * difficulty.clutter) + 0.5f);
  for (int i = 0; i < strokes; ++i) {
    AddStroke(canvas, random, 150 * difficulty.contrast);
  }

  const float radius = random.Uniform(8.0f, 13.0f);
  const float reach = kSide / 2 - 0.85f * radius;
  const Point center{kSide / 2 + random.Uniform(-reach, reach),
                     kSide / 2 + random.Uniform(-reach, reach)};
  const Point axis = random.Direction();
  const float strength = 150 * difficulty.contrast * random.Uniform(0.5f, 1.0f);
  canvas.Add(RandomContrast(random, strength), [&](Point p) {
    const Point d{(p.x - center.x) / radius, (p.y - center.y) / radius};
    return radius * ShapeDistance(label, {d.x * axis.x + d.y * axis.y,
                                          d.y * axis.x - d.x * axis.y});
  });
  canvas.Finish(difficulty.noise, random, bytes);
}

}  // namespace

absl::Status ValidateSyntheticSpec(const SyntheticSpec& spec) {
  const auto error = [](absl::string_view field, auto value,
                        absl::string_view allowed) {
    return absl::InvalidArgumentError(
        absl::StrCat("dataset.synthetic.", field, ": ", value,
                     " is impossible; give ", allowed));
  };
  for (const auto& [field, given, images] :
       {std::tuple{"train_images", spec.has_train_images(),
                   spec.train_images()},
        std::tuple{"test_images", spec.has_test_images(),
                   spec.test_images()}}) {
    if (given && (images < 1 || images > 10'000'000)) {
      return error(field, images, "1 to 10000000");
    }
  }
  if (!(spec.noise() >= 0 && spec.noise() <= 255)) {
    return error("noise", spec.noise(), "0 to 255");
  }
  if (!(spec.clutter() >= 0 && spec.clutter() <= 100)) {
    return error("clutter", spec.clutter(), "0 to 100");
  }
  if (spec.has_contrast() && !(spec.contrast() > 0 && spec.contrast() <= 1)) {
    return error("contrast", spec.contrast(), "a number above 0, at most 1");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Dataset>> DrawSyntheticDataset(
    const SyntheticSpec& spec, Split split) {
  RETURN_IF_ERROR(ValidateSyntheticSpec(spec));
  const bool train = split == Split::kTrain;
  const int64_t images =
      train ? (spec.has_train_images() ? spec.train_images() : 5000)
            : (spec.has_test_images() ? spec.test_images() : 1000);
  const uint64_t seed = spec.has_seed() ? spec.seed() : 1;
  const Difficulty difficulty{
      .noise = spec.has_noise() ? spec.noise() : 16.0f,
      .clutter = spec.has_clutter() ? spec.clutter() : 1.5f,
      .contrast = spec.has_contrast() ? spec.contrast() : 0.8f};
  DatasetInfo info;
  info.name = "synthetic";
  info.source = absl::StrCat("built-in, seed ", seed);
  info.shape = {kSide, kSide, kChannels};
  info.class_names.assign(std::begin(kClassNames), std::end(kClassNames));
  info.normalization = {{0.5f, 0.5f, 0.5f}, {0.21f, 0.21f, 0.21f}};
  const int64_t image_size = info.shape.size();
  RETURN_IF_ERROR(CheckImageMemory(info.source, images, info.shape));
  std::vector<uint8_t> pixels(images * image_size);
  std::vector<int32_t> labels(images);
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < images; ++i) {
    labels[i] = static_cast<int32_t>(i % kClasses);
    DrawImage(labels[i], difficulty,
              RandomStream(seed, kSyntheticStream, train ? 0 : 1, i),
              pixels.data() + i * image_size);
  }
  return MemoryDataset::Create(std::move(info), std::move(pixels),
                               std::move(labels));
}

}  // namespace tritlab
