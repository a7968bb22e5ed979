# Sourced: hosts with addresses of their own on this machine, for tests and measurements of training on several. They are
# network namespaces, joined by a bridge, that mpirun starts its agents in by `ip netns exec` where a cluster has ssh.
# Their only way to each other is TCP over that bridge.
#   make_hosts COUNT FOLDER || exit 0    says why where this machine makes none; FOLDER is for files of its own
#   mpirun "${over_hosts[@]}" --host "$(host 1):1,$(host 2):1" ...
#   limit_hosts 100mbit                  what each host sends; "" for as fast as it goes
# They are removed when the shell ends.
hosts=0
hosts_name=trit$$
over_hosts=()
host() { echo "10.213.7.$1"; }
in_host() {
    local i=$1
    shift
    ip netns exec "$hosts_name-$i" "$@"
}
remove_hosts() {
    local i
    for i in $(seq "$hosts"); do ip netns del "$hosts_name-$i" 2>/dev/null; done
    ip link del "${hosts_name}b" 2>/dev/null
}
trap remove_hosts EXIT

make_hosts() {
    local i
    [ "$(id -u)" = 0 ] || {
        echo "network namespaces need root"
        return 1
    }
    command -v ip >/dev/null || {
        echo "there is no ip command (iproute2)"
        return 1
    }
    ip link add "${hosts_name}b" type bridge 2>/dev/null || {
        echo "this machine lets root make no bridge"
        return 1
    }
    # mpirun itself stands on the bridge.
    ip addr add "$(host 254)/24" dev "${hosts_name}b" && ip link set "${hosts_name}b" up || return 1
    for i in $(seq "$1"); do
        hosts=$i
        ip netns add "$hosts_name-$i" 2>/dev/null || {
            echo "this machine lets root make no network namespaces"
            return 1
        }
        ip link add "${hosts_name}v$i" type veth peer name eth0 netns "$hosts_name-$i" &&
            ip link set "${hosts_name}v$i" master "${hosts_name}b" up &&
            ip -n "$hosts_name-$i" addr add "$(host "$i")/24" dev eth0 &&
            ip -n "$hosts_name-$i" link set eth0 up &&
            ip -n "$hosts_name-$i" link set lo up || return 1
    done
    # What mpirun calls in the place of ssh: AGENT HOST COMMAND... Each host has a name of its own too, for ranks on hosts
    # of one name would share memory.
    cat >"$2/agent" <<AGENT
#!/bin/sh
host=\$1
shift
exec ip netns exec "$hosts_name-\${host##*.}" unshare --uts sh -c "hostname host-\${host##*.}; \$*"
AGENT
    chmod +x "$2/agent"
    over_hosts=(--mca plm_rsh_agent "$2/agent" --mca plm_rsh_no_tree_spawn 1
        --mca btl tcp,self --mca pml ob1
        --mca btl_tcp_if_include "$(host 0)/24" --mca oob_tcp_if_include "$(host 0)/24")
}

limit_hosts() {
    local i
    for i in $(seq "$hosts"); do
        in_host "$i" tc qdisc del dev eth0 root 2>/dev/null
        [ -z "$1" ] || in_host "$i" tc qdisc add dev eth0 root tbf rate "$1" burst 64k latency 100ms || return 1
    done
}
