#!/usr/bin/env bash
# What profile says to flags that are wrong: exit status 2, and one line that begins with the flag's name.
set -u
profile=$1
. base/expect_error.sh
expect() { expect_error "$1" "$profile" "$2"; }

expect "--threads: it must be 0 to 1024" --threads=2000
expect "--threads: it must be 0 to 1024" --threads=-1
expect "--batch" --batch=0
expect "--steps" --steps=0
expect "--network: network \"resnet\" is unknown" --network=resnet
expect "--network: cifar_resnet.depth is 21" --network=resnet21
expect "--policy:1:" --policy=foo
expect "--policy: " "--policy=rules { layers: '*' quantizer { ttq { threshold_factor: 2 } } }"

[ "$failures" = 0 ]
