#include "experiments/sweep/sweep.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "base/status_prefix.h"
#include "experiments/spec_file.h"
#include "reports/runs/point_name.h"

namespace tritlab {
namespace {

constexpr int64_t kMostPoints = 10000;
constexpr size_t kLongestName = 150;  // of a folder, with room for endings

absl::Status Error(absl::string_view where, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(where, ": ", what));
}

absl::Status Set(absl::string_view path, absl::string_view value,
                 ExperimentSpec& spec) {
  const absl::Status status = SetField(path, value, spec);
  return absl::Status(status.code(),
                      absl::StripPrefix(status.message(), "--set "));
}

absl::Status Apply(absl::string_view setting, ExperimentSpec& spec) {
  const size_t equals = setting.find('=');
  if (equals == absl::string_view::npos)
    return Error(setting, "it must be path=value");
  return Set(setting.substr(0, equals), setting.substr(equals + 1), spec);
}

absl::Status CheckAxis(const SweepSpec::Axis& axis) {
  const std::string where = absl::StrCat("axis ", axis.name());
  if (axis.fields().empty())
    return Error(where, "fields is empty; name what it varies");
  const int values = axis.fields(0).values_size();
  for (const SweepSpec::Axis::Field& field : axis.fields()) {
    if (field.values().empty())
      return Error(where, absl::StrCat(field.path(), " has no values"));
    if (field.values_size() != values) {
      return Error(where, absl::StrFormat(
                              "%s has %d values, %s has %d; fields of one axis "
                              "move together",
                              axis.fields(0).path(), values, field.path(),
                              field.values_size()));
    }
  }
  if (!axis.labels().empty() && axis.labels_size() != values) {
    return Error(where, absl::StrFormat("it has %d labels for %d values",
                                        axis.labels_size(), values));
  }
  return absl::OkStatus();
}

absl::Status CheckAxes(const SweepSpec& sweep) {
  if (sweep.axes().empty())
    return absl::InvalidArgumentError(
        "axes is empty; a sweep varies something");
  std::set<std::string> names;
  int64_t points = 1;
  for (int i = 0; i < sweep.axes_size(); ++i) {
    const SweepSpec::Axis& axis = sweep.axes(i);
    if (!IsWord(axis.name())) {
      return Error(absl::StrFormat("axes[%d].name", i),
                   absl::StrCat("it is \"", axis.name(), "\"; ", kWordRule));
    }
    if (!names.insert(axis.name()).second)
      return Error(absl::StrCat("axis ", axis.name()), "there are two of it");
    RETURN_IF_ERROR(CheckAxis(axis));
    points *= axis.fields(0).values_size();
    if (points > kMostPoints)
      return Error("axes", absl::StrFormat("they span more than %d points",
                                           kMostPoints));
  }
  return absl::OkStatus();
}

// The point that takes value choice[i] of axis i.
absl::StatusOr<SweepPoint> MakePoint(const SweepSpec& sweep,
                                     const ExperimentSpec& base,
                                     const std::vector<std::string>& settings,
                                     const std::vector<int>& choice) {
  SweepPoint point;
  point.spec = base;
  std::vector<AxisValue> values;
  for (int i = 0; i < sweep.axes_size(); ++i) {
    const SweepSpec::Axis& axis = sweep.axes(i);
    for (const SweepSpec::Axis::Field& field : axis.fields()) {
      RETURN_IF_ERROR(
          WithPrefix(absl::StrCat("axis ", axis.name()),
                     Set(field.path(), field.values(choice[i]), point.spec)));
    }
    point.labels.push_back(axis.labels().empty()
                               ? axis.fields(0).values(choice[i])
                               : axis.labels(choice[i]));
    if (ValueInName(point.labels.back()).empty()) {
      return Error(absl::StrCat("axis ", axis.name()),
                   absl::StrCat("the label \"", point.labels.back(),
                                "\" has no letter and no digit"));
    }
    values.push_back({axis.name(), point.labels.back()});
  }
  point.name = PointName(values);
  if (point.name.size() > kLongestName) {
    return Error(absl::StrCat("point ", point.name),
                 "that is too long for a folder's name; give labels");
  }
  for (const std::string& setting : settings) {
    RETURN_IF_ERROR(WithPrefix("--set", Apply(setting, point.spec)));
  }
  return point;
}

// Reports of the points can be told apart by the experiment's name.
std::string NameOfSpec(const SweepSpec& sweep, const SweepPoint& point) {
  return absl::StrCat(sweep.name(), ".", JoinWords(point.name, "._-", '-'));
}

}  // namespace

absl::StatusOr<Sweep> ExpandSweep(const SweepSpec& spec,
                                  const ExperimentSpec& base,
                                  const std::vector<std::string>& settings) {
  if (!IsWord(spec.name())) {
    return Error("name",
                 absl::StrCat("it is \"", spec.name(), "\"; ", kWordRule));
  }
  RETURN_IF_ERROR(CheckAxes(spec));
  Sweep sweep;
  *sweep.record.mutable_sweep() = spec;
  ExperimentSpec& start = *sweep.record.mutable_base();
  start = base;
  for (const std::string& setting : spec.set()) {
    RETURN_IF_ERROR(WithPrefix("set", Apply(setting, start)));
  }
  if (!spec.seeds().empty()) *start.mutable_seeds() = spec.seeds();
  for (const std::string& setting : settings) sweep.record.add_set(setting);

  std::map<std::string, std::string> names;  // spec -> the point's name
  std::set<std::string> folders;
  std::vector<int> choice(spec.axes_size(), 0);
  while (true) {
    ASSIGN_OR_RETURN(SweepPoint point,
                     MakePoint(spec, start, settings, choice));
    const std::string where = absl::StrCat("point ", point.name);
    if (!folders.insert(point.name).second)
      return Error(where, "there are two of that name; give other labels");
    const auto [same, is_new] = names.emplace(ToText(point.spec), point.name);
    if (!is_new) {
      return Error(where,
                   absl::StrCat("it is the same experiment as ", same->second));
    }
    point.spec.set_name(NameOfSpec(spec, point));
    RETURN_IF_ERROR(WithPrefix(where, ValidateSpec(point.spec)));
    sweep.points.push_back(std::move(point));
    // As an odometer counts: the last axis first.
    int axis = spec.axes_size() - 1;
    while (axis >= 0 &&
           ++choice[axis] == spec.axes(axis).fields(0).values_size()) {
      choice[axis--] = 0;
    }
    if (axis < 0) return sweep;
  }
}

absl::StatusOr<Sweep> LoadSweep(const std::string& path,
                                const std::vector<std::string>& settings) {
  SweepSpec spec;
  RETURN_IF_ERROR(ReadTextProto(path, spec));
  if (spec.base().empty())
    return Error(path, "base is not set; name the experiment that is varied");
  ExperimentSpec base;
  RETURN_IF_ERROR(ReadTextProto(
      JoinPath(std::filesystem::path(path).parent_path().string(), spec.base()),
      base));
  absl::StatusOr<Sweep> sweep = ExpandSweep(spec, base, settings);
  RETURN_IF_ERROR(WithPrefix(path, sweep.status()));
  return sweep;
}

}  // namespace tritlab
