#!/usr/bin/env bash
# Training over three hosts with addresses of their own ends with the same bits as three ranks of one host; where rank 0's host
# is lost, mpirun ends the others, and the run goes on to the same bits.
set -u
run=$1
. experiments/compare_runs.sh
. experiments/network_hosts.sh
log=$TEST_TMPDIR/log
make_hosts 3 "$TEST_TMPDIR" >"$log" 2>&1 || {
    echo "SKIPPED: $(cat "$log")"
    [ -z "${TRITLAB_REQUIRE_HOSTS:-}" ] # set where it may not be skipped
    exit
}
fail() {
    echo "FAILED: $*"
    tail -n 20 "$log"
    exit 1
}

spec=$TEST_TMPDIR/spec.textproto
cat >"$spec" <<'SPEC'
name: "hosts"
model { cifar_resnet { depth: 8 width: 8 } }
dataset { name: "synthetic" synthetic { train_images: 240 test_images: 60 } }
phases {
  name: "ttq" epochs: 2 batch_size: 24
  optimizer { sgd { momentum: 0.9 } }
  schedule { learning_rate: 0.01 }
  policy { rules { layers: "*" quantizer { ttq { } } } }
  synchronized_batch_normalization: true
}
SPEC
# train FOLDER [MPIRUN'S ARGUMENT]... on three ranks.
train() {
    local folder=$1
    shift
    mpirun --allow-run-as-root --oversubscribe --bind-to none -n 3 "$@" \
        "$PWD/$run" --spec="$spec" --threads=1 --checkpoint_seconds=0 --resume --output_dir="$folder" >>"$log" 2>&1
}
over_hosts+=(--host "$(host 1):1,$(host 2):1,$(host 3):1")

train "$TEST_TMPDIR/hosts" "${over_hosts[@]}" || fail "training over hosts"
for i in 1 2 3; do
    received=$(in_host "$i" cat /sys/class/net/eth0/statistics/rx_bytes)
    # In each of 20 steps, at least the sum of 76 kB of gradients.
    [ "$received" -gt 1500000 ] || fail "host $i received $received bytes: it did not train"
done
train "$TEST_TMPDIR/one_host" || fail "training on one host"
same_runs "$TEST_TMPDIR/hosts" "$TEST_TMPDIR/one_host" ttq ||
    fail "three hosts did not end as three ranks of one host"

train "$TEST_TMPDIR/lost" "${over_hosts[@]}" &
mpirun=$!
tries=0
until [ -e "$TEST_TMPDIR/lost/checkpoints/ttq.ckpt" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 600 ] || fail "no checkpoint"
    sleep 0.1
done
ip netns pids "$hosts_name-1" | xargs kill -KILL
wait "$mpirun" && fail "mpirun did not notice that a host was lost"
train "$TEST_TMPDIR/lost" "${over_hosts[@]}" || fail "the run that lost a host does not go on"
same_runs "$TEST_TMPDIR/hosts" "$TEST_TMPDIR/lost" ttq || fail "the run that lost a host ended otherwise"
echo "three hosts trained one network, and went on when one was lost"
