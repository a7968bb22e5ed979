// What a policy does, in the words of captions.
#ifndef TRITLAB_QUANT_POLICY_TEXT_H_
#define TRITLAB_QUANT_POLICY_TEXT_H_

#include <string>

#include "quant/quantizer.pb.h"

namespace tritlab {

// "TTQ, t = 0.05", "INQ, 5 bits, portions 0.5, 0.75, 0.875, 1", "full
// precision": methods with the settings that they have, defaults among them.
// Rules that are not for all layers say for which: "stage1/*: TTQ, t = 0.02;
// others: ...".
std::string PolicyText(const Policy& policy);

}  // namespace tritlab

#endif  // TRITLAB_QUANT_POLICY_TEXT_H_
