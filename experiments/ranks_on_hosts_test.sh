#!/usr/bin/env bash
# Training over three hosts with addresses of their own: network namespaces of
# this machine, joined by a bridge, that mpirun starts its agents in by
# `ip netns exec` where a cluster has ssh. Their only way to each other is TCP
# over that bridge. Ends with the same bits as ranks on one host.
set -u
run=$1
. experiments/compare_runs.sh
if [ "$(id -u)" != 0 ]; then
    echo "SKIPPED: network namespaces need root"
    exit 0
fi
command -v ip >/dev/null || {
    echo "SKIPPED: there is no ip command (iproute2)"
    exit 0
}
name=trit$$
ip link add "${name}b" type bridge 2>/dev/null || {
    echo "SKIPPED: this machine lets root make no bridge"
    exit 0
}
hosts=3
cleanup() {
    for i in $(seq "$hosts"); do ip netns del "$name-$i" 2>/dev/null; done
    ip link del "${name}b" 2>/dev/null
}
trap cleanup EXIT
fail() {
    echo "FAILED: $*"
    tail -n 20 "$TEST_TMPDIR/log"
    exit 1
}

# mpirun itself stands on the bridge, 10.213.7.254; host i is 10.213.7.i.
ip addr add 10.213.7.254/24 dev "${name}b" && ip link set "${name}b" up || fail "the bridge"
for i in $(seq "$hosts"); do
    ip netns add "$name-$i" 2>>"$TEST_TMPDIR/log" || {
        echo "SKIPPED: this machine lets root make no network namespaces"
        exit 0
    }
    ip link add "${name}v$i" type veth peer name eth0 netns "$name-$i" &&
        ip link set "${name}v$i" master "${name}b" up &&
        ip -n "$name-$i" addr add "10.213.7.$i/24" dev eth0 &&
        ip -n "$name-$i" link set eth0 up &&
        ip -n "$name-$i" link set lo up || fail "host $i"
done

# What mpirun calls in the place of ssh: AGENT HOST COMMAND... Each host has a name
# of its own too, for ranks on hosts of one name would share memory.
agent=$TEST_TMPDIR/agent
cat >"$agent" <<AGENT
#!/bin/sh
host=\$1
shift
exec ip netns exec "$name-\${host##*.}" unshare --uts sh -c "hostname host-\${host##*.}; \$*"
AGENT
chmod +x "$agent"

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
# over FOLDER [MPIRUN'S ARGUMENT]...: trains on three ranks.
over() {
    local folder=$1
    shift
    mpirun --allow-run-as-root --oversubscribe --bind-to none -n "$hosts" "$@" \
        "$PWD/$run" --spec="$spec" --threads=1 --output_dir="$folder" \
        >>"$TEST_TMPDIR/log" 2>&1 || fail "training into $folder"
}
bytes_received() { ip netns exec "$name-$1" cat /sys/class/net/eth0/statistics/rx_bytes; }

over "$TEST_TMPDIR/hosts" \
    --host 10.213.7.1:1,10.213.7.2:1,10.213.7.3:1 \
    --mca plm_rsh_agent "$agent" --mca plm_rsh_no_tree_spawn 1 \
    --mca btl tcp,self --mca pml ob1 \
    --mca btl_tcp_if_include 10.213.7.0/24 --mca oob_tcp_if_include 10.213.7.0/24
for i in $(seq "$hosts"); do
    received=$(bytes_received "$i")
    # In each of 20 steps, at least the sum of 76 kB of gradients.
    [ "$received" -gt 1500000 ] || fail "host $i received $received bytes: it did not train"
done
over "$TEST_TMPDIR/one_host"
same_runs "$TEST_TMPDIR/hosts" "$TEST_TMPDIR/one_host" ttq ||
    fail "three hosts did not end as three ranks of one host"
echo "three hosts trained one network"
