// What quantized weights repeat and leave out: filters and kernels that are
// zero, equal to others, or read by nobody.
//
// A filter is all weights of one output channel; a kernel is the part of it
// for one input channel (3x3 weights). With three values, a layer of many
// filters has kernels in common, and some that do nothing; what may go is
// removed by models/remove_filters.h.
#ifndef TRITLAB_REPORTS_FILTERS_H_
#define TRITLAB_REPORTS_FILTERS_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "models/graph.pb.h"
#include "quant/quantizer.h"
#include "reports/report.pb.h"

namespace tritlab {

// The extents of a layer's weights, [filters][kernel_height][kernel_width]
// [inputs / groups] (kernels/tensor.h).
struct FilterExtents {
  int64_t filters = 0;
  int64_t kernel_height = 1;
  int64_t kernel_width = 1;
  int64_t inputs = 0;  // channels that the layer reads
  int64_t groups = 1;

  int64_t weights() const {
    return filters * kernel_height * kernel_width * (inputs / groups);
  }
};

// Of each convolution and linear layer, by the node's name. A linear layer
// reads a whole image, pixel by pixel, so its weights lie as those of a
// convolution with a kernel as large as that image: it is taken for one.
// InvalidArgument when the graph is none.
absl::StatusOr<std::map<std::string, FilterExtents>> FilterExtentsOf(
    const Graph& graph);

// Values decide, not codes: two codes of one value are equal, and so are 0 and
// -0. A filter is compared with its channel's scale; so for TTQ, one that has
// all signs of another turned is minus it only where W_p = W_n. Filters of
// different groups read different channels and are never equal. Where there is
// at most one positive and one negative value, filters are compared by their
// signs alone as well.
// InvalidArgument when the codes do not fit the extents or the codebook.
absl::StatusOr<FilterCounts> CountFilters(const CodedWeights& coded,
                                          const FilterExtents& extents);

// The signs of the first kernels, at most so many filters and input channels of
// each (of its group). The codes must have passed CountFilters.
KernelPicture PictureOf(const CodedWeights& coded, const FilterExtents& extents,
                        int64_t filters = 16, int64_t inputs = 16);

}  // namespace tritlab

#endif  // TRITLAB_REPORTS_FILTERS_H_
