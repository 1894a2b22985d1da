#!/bin/sh
# What a server of this store and the Sentinel beside it start with, and what is asked of them while they run.
#
#   servers.sh server     the server, once it knows which server takes the writes
#   servers.sh sentinel   the Sentinel, which watches all servers and votes for another writer when the one that there is is lost
#   servers.sh ready      whether the server has everything that the writer has
#   servers.sh live       whether the server answers
#   servers.sh votes      whether the Sentinel answers
#   servers.sh hand-over  at the end of the writer, and when a person wants it: another server takes over, and no write is lost
#   servers.sh writer     which server takes the writes
#   servers.sh ask, servers.sh ask-sentinel
#                         a command for the server, or for the Sentinel, of this pod
#
# Two servers never take writes for long, and no server with older data takes over one with newer data:
#
# - No server starts before a majority of the Sentinels has said who the writer is. Each of them keeps its last word on the volume, with the number of the
#   election, and the highest number counts. So the first pod is the writer on the first day alone: when all pods start again and the first one was away
#   during an election, it follows the server that was elected.
# - A server that follows can't be elected until it has everything that the writer has. When all pods start again and the writer does not come back, nobody
#   takes its place unasked: the others may have missed what clients were told is kept. The README.md of the region says how a person decides.
# - A writer that lost its data waits while another server has some: all servers would copy the empty one.
# - A writer that no other server follows takes no writes: `min-replicas-to-write`. So one that is cut off from the others stops within seconds.
set -eu

servers=<servers>
port=<port>
keeps=<keeps>
home=<home>
run=/platgen/run
watch=26379
majority=$((servers / 2 + 1))
number=${PLATGEN_POD_NAME##*-}

host() {
  echo "<name>-$1.<peers>"
}

me=$(host "$number")
<auth>=$(cat /platgen/system)
export <auth>

# A setting of a configuration with the password as its value.
with_password() {
  printf '%s "%s"\n' "$1" "$(sed 's/[\\"]/\\&/g' /platgen/system)"
}

digest() {
  sha256sum | cut -c 1-64
}

server_says() {
  at=$1
  shift
  timeout 3 <cli> -h "$at" -p "$port" --user replication --no-auth-warning --raw "$@" 2>/dev/null | tr -d '\r'
}

sentinel_says() {
  at=$1
  shift
  timeout 3 <cli> -h "$at" -p "$watch" --no-auth-warning --raw "$@" 2>/dev/null
}

# The numbers of all pods but this one.
others() {
  other=0
  while [ "$other" -lt "$servers" ]; do
    [ "$other" = "$number" ] || echo "$other"
    other=$((other + 1))
  done
}

# The number of the election that a Sentinel knows of, and the server that was elected. While a Sentinel makes a server the writer, the number is new and the former
# writer is still listed: the address is asked for by itself, and counts if the number was the same before and after.
answer() {
  printf '%s\n' 'SENTINEL MASTER writer' PING 'SENTINEL GET-MASTER-ADDR-BY-NAME writer' PING 'SENTINEL MASTER writer' | sentinel_says "$1" | awk '
    $0 == "PONG" { part++; next }
    last == "config-epoch" { number[part + 0] = $0 }
    part == 1 && !host { host = $0 }
    { last = $0 }
    END { if (host && number[0] != "" && number[0] == number[2]) print number[0], host }'
}

# The newest answer, once a majority has answered.
elected() {
  answers=$(
    answer 127.0.0.1
    for other in $(others); do answer "$(host "$other")"; done
  )
  [ "$(echo "$answers" | grep -c .)" -ge "$majority" ] || return 1
  echo "$answers" | sort -n | tail -n 1 | cut -d ' ' -f 2
}

has_data() {
  [ "$keeps" = volume ] && [ -n "$(find "$home" -name 'appendonly*' -o -name '*.rdb')" ]
}

# Whether an empty server may take writes: no other one has data, and a majority is there to say so.
may_be_empty() {
  empty=1
  for other in $(others); do
    said=$(server_says "$(host "$other")" INFO) || continue
    case $said in
    *loading:1*) ;;
    *db[0-9]*:keys=*) return 1 ;;
    *loading:0*) empty=$((empty + 1)) ;;
    esac
  done
  [ "$empty" -ge "$majority" ]
}

server() {
  rm -f "$run/server.conf"
  # What a cache copied before it started again may be old.
  [ "$keeps" = volume ] || rm -f "$home"/*.rdb
  while true; do
    if writer=$(elected) && { [ "$writer" != "$me" ] || has_data || may_be_empty; }; then
      break
    fi
    sleep 1
  done
  umask 077
  {
    cat /platgen/server.conf
    echo "replica-announce-ip $me"
    echo "masteruser replication"
    with_password masterauth
    # The checks of the proxies don't sign in.
    echo "user default reset on nopass +ping +role"
    echo "user replication reset on #$(digest </platgen/system) allkeys allchannels +@all"
    for user in /platgen/users/*; do
      echo "user ${user##*/} reset on #$(digest <"$user") allkeys allchannels +@all -@admin"
    done
    if [ "$writer" != "$me" ]; then
      echo "replicaof $writer $port"
      [ "$keeps" != volume ] || echo "replica-priority 0"
    fi
  } >"$run/new.conf"
  mv "$run/new.conf" "$run/server.conf"
  exec <server> "$run/server.conf"
}

sentinel() {
  state=$home/sentinel.conf
  kept() {
    [ ! -e "$state" ] || sed -n "s/^sentinel $1 //p" "$state"
  }
  newest=$(
    echo "0 $(host 0)"
    echo "$(kept 'config-epoch writer') $(kept 'monitor writer' | cut -d ' ' -f 1)" | grep '^[0-9]' || true
    for other in $(others); do answer "$(host "$other")"; done
  )
  newest=$(echo "$newest" | sort -n -s | tail -n 1)
  writer=${newest#* }
  vote=$(kept 'leader-epoch writer')
  epoch=$(kept current-epoch)
  id() {
    host "$1" | sha1sum | cut -c 1-40
  }
  umask 077
  {
    echo "port $watch"
    echo "bind * -::*"
    echo "dir $home"
    with_password requirepass
    echo "sentinel resolve-hostnames yes"
    echo "sentinel announce-hostnames yes"
    echo "sentinel announce-ip $me"
    echo "sentinel announce-port $watch"
    echo "sentinel myid $(id "$number")"
    echo "sentinel monitor writer $writer $port $majority"
    echo "sentinel auth-user writer replication"
    with_password "sentinel auth-pass writer"
    echo "sentinel down-after-milliseconds writer 5000"
    echo "sentinel failover-timeout writer 10000"
    echo "sentinel parallel-syncs writer 1"
    echo "sentinel config-epoch writer ${newest%% *}"
    echo "sentinel leader-epoch writer ${vote:-0}"
    echo "sentinel current-epoch ${epoch:-0}"
    # All of them are known from the start: a majority is one of all, and what left is not counted.
    for other in $(others); do
      echo "sentinel known-sentinel writer $(host "$other") $watch $(id "$other")"
    done
    for other in "$number" $(others); do
      [ "$(host "$other")" = "$writer" ] || echo "sentinel known-replica writer $(host "$other") $port"
    done
  } >"$state.new"
  mv "$state.new" "$state"
  exec <server> "$state" --sentinel
}

# Whether the Sentinel of this pod knows that the server can be elected. It looks every ten seconds.
can_be_elected() {
  priority=$(sentinel_says 127.0.0.1 SENTINEL SLAVES writer | awk -v me="$me" '$0 == "ip" { getline; own = $0 == me } $0 == "slave-priority" { getline; if (own) print }')
  [ "${priority:-0}" -gt 0 ]
}

# A server that has everything can be elected from then on. It is ready once that is known: then another one may be taken away.
ready() {
  said=$(server_says 127.0.0.1 INFO replication)
  case $said in
  *role:master*) ;;
  *master_link_status:up*slave_priority:0*)
    server_says 127.0.0.1 CONFIG SET replica-priority 100
    return 1
    ;;
  *master_link_status:up*) can_be_elected ;;
  *) return 1 ;;
  esac
}

# A server that waits to learn who the writer is has no configuration yet.
live() {
  [ ! -e "$run/server.conf" ] || [ -n "$(server_says 127.0.0.1 PING)" ]
}

votes() {
  [ "$(sentinel_says 127.0.0.1 PING)" = PONG ]
}

# Whether every server that follows has all that the writer had when writes began to wait.
caught_up() {
  server_says 127.0.0.1 INFO replication | awk -F '[:,=]' -v last="$1" '/^slave[0-9]+:.*state=online/ { if ($9 < last) behind = 1 } END { exit behind }'
}

# Writes wait for some seconds from here on.
pause() {
  server_says 127.0.0.1 CLIENT PAUSE 20000 WRITE
}

# Writes go on, and the caller hears why this is still the writer.
give_up() {
  server_says 127.0.0.1 CLIENT UNPAUSE
  echo "$*: $me is still the writer" >&2
  return 1
}

hand_over() {
  case $(server_says 127.0.0.1 ROLE) in
  master*) ;;
  *) return 0 ;;
  esac
  # Writes wait from here on: none is confirmed that the next writer does not have.
  pause
  last=$(server_says 127.0.0.1 INFO replication | sed -n 's/^master_repl_offset://p')
  tries=0
  until caught_up "$last" || [ "$tries" -ge 5 ]; do
    tries=$((tries + 1))
    sleep 1
  done
  caught_up "$last" || give_up "no other server has everything"
  tries=0
  while [ "$tries" -lt 15 ]; do
    pause
    writer=$(sentinel_says 127.0.0.1 SENTINEL GET-MASTER-ADDR-BY-NAME writer | head -n 1)
    if [ -n "$writer" ] && [ "$writer" != "$me" ]; then
      # Clients hear at once that this is no longer the writer.
      server_says 127.0.0.1 REPLICAOF "$writer" "$port"
      server_says 127.0.0.1 CLIENT UNPAUSE
      return 0
    fi
    # Refused while an election goes on, and until the Sentinel has seen that another server has everything.
    sentinel_says 127.0.0.1 SENTINEL FAILOVER writer || true
    tries=$((tries + 1))
    sleep 1
  done
  give_up "no other server was elected"
}

case $1 in
server | sentinel | ready | live | votes) "$1" ;;
hand-over) hand_over ;;
writer) elected ;;
ask)
  shift
  server_says 127.0.0.1 "$@"
  ;;
ask-sentinel)
  shift
  sentinel_says 127.0.0.1 "$@"
  ;;
esac
