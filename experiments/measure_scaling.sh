#!/usr/bin/env bash
# How long a training step takes on 1 to 4 ranks, beside what reports/scaling/scaling_model.h says of it. Ranks are one thread each, on
# hosts of this machine that the network alone joins (network_hosts.sh); as root.
#
#   measure_scaling RUN MEASURE_NETWORK SCALING [--rate=100mbit] [--steps=40] [--ranks="1 2 3 4"]
#
# The model gets: what a step takes when as many copies of the program train at the same time, each by itself, which is what
# they take of each other's caches, memory and processors; and latency and bandwidth between two hosts.
set -u
if [ "$#" -lt 3 ]; then
    echo "error: three programs are missing; bazel run --config=mpi //experiments:measure_scaling -- FLAGS gives them" >&2
    exit 2
fi
run=$PWD/$1 measure_network=$PWD/$2 scaling=$PWD/$3
shift 3
rate='' steps=40 all_ranks='1 2 3 4'
for flag in "$@"; do
    case $flag in
    --rate=*) rate=${flag#*=} ;;
    --steps=*) steps=${flag#*=} ;;
    --ranks=*) all_ranks=${flag#*=} ;;
    *)
        echo "error: $flag: there is no such flag; --rate, --steps and --ranks are" >&2
        exit 2
        ;;
    esac
done
. experiments/network_hosts.sh
here=$(mktemp -d)
trap 'remove_hosts; rm -rf "$here"' EXIT
make_hosts 4 "$here" || exit 2
limit_hosts "$rate" || exit 2
log=$here/log
failed() {
    tail -n 5 "$log" >&2
    echo "error: $*" >&2
    exit 1
}

# A network with 5 MB of gradients, which leave in four buckets.
share=8
gradient_bytes=$((4 * 1187786))
# train FOLDER RANKS [COMMAND]...: that many steps, run by COMMAND.
train() {
    local folder=$1 ranks=$2
    shift 2
    cat >"$folder.textproto" <<SPEC
name: "scaling"
model { cifar_resnet { depth: 8 width: 64 } }
dataset { name: "synthetic" synthetic { train_images: $((share * ranks * steps)) test_images: 10 } }
phases {
  name: "phase" epochs: 1 batch_size: $((share * ranks))
  optimizer { sgd { momentum: 0.9 } }
  schedule { learning_rate: 0.01 }
}
SPEC
    "$@" "$run" --spec="$folder.textproto" --threads=1 --output_dir="$folder" >>"$log" 2>&1
}
images_per_second() { sed -n 's/.*"images_per_second": *\([0-9.]*\).*/\1/p' "$1/report.json" | head -n 1; }
over() {
    local ranks=$1 list='' i
    shift
    for i in $(seq "$ranks"); do list+=,$(host "$i"):1; done
    mpirun --allow-run-as-root --bind-to none --mca mpi_yield_when_idle 1 "${over_hosts[@]}" --host "${list#,}" -n "$ranks" "$@"
}

network=$(over 2 "$measure_network") || failed "the network was not measured"
echo "network: $network"
printf '%5s %14s %12s %12s %9s\n' ranks 'compute, ms' 'model, ms' 'step, ms' 'off by, %'
for ranks in $all_ranks; do
    for i in $(seq "$ranks"); do
        train "$here/alone-$ranks-$i" 1 &
    done
    wait
    compute=$(for i in $(seq "$ranks"); do images_per_second "$here/alone-$ranks-$i"; done |
        awk -v share=$share '{ sum += share / $1 } END { print sum / NR }')
    train "$here/together-$ranks" "$ranks" over "$ranks" || failed "$ranks ranks do not train"
    step=$(images_per_second "$here/together-$ranks" | awk -v images=$((share * ranks)) '{ print 1000 * images / $1 }')
    algorithm=ring
    [ "$ranks" -lt 4 ] || algorithm=halving_doubling # as training/mpi/mpi_communicator.cc has it
    # The row of that many ranks; its fifth column is the step.
    # shellcheck disable=SC2086
    model=$("$scaling" --compute_seconds="$compute" --images=$share --gradient_bytes=$gradient_bytes $network \
        --algorithm=$algorithm --ranks="$ranks" | tail -n 1 | awk '{ print $5 }')
    awk -v r="$ranks" -v c="$compute" -v m="$model" -v s="$step" \
        'BEGIN { printf "%5d %14.1f %12.1f %12.1f %9.1f\n", r, 1000 * c, m, s, 100 * (m - s) / s }'
done
