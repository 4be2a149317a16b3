# A Docker daemon: whether one answers, starting one, stopping the one we started. Sourced after lib.sh.
# shellcheck shell=bash

dockerd_pid_file=$home/dockerd.pid
dockerd_log=$home/dockerd.log
docker_wait_s=60

docker_answers() {
  have docker && docker --host "unix://$docker_socket" version --format '{{.Server.Version}}' >/dev/null 2>&1
}

# The process of the daemon we started, if it still runs. The number alone may have passed on to another process.
our_dockerd() {
  local pid
  pid=$(cat "$dockerd_pid_file" 2>/dev/null) || return 1
  [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = dockerd ] && echo "$pid"
}

start_docker() {
  docker_answers && return 0
  if ! is_root; then
    loud 'No Docker daemon answers, and only root can start one.' 'Pods will be simulated: nothing runs in them.'
    return 1
  fi
  if ! have dockerd; then
    loud 'No Docker daemon answers, and dockerd is not installed.' 'Pods will be simulated: nothing runs in them.'
    return 1
  fi
  if [ -d /run/systemd/system ] && systemctl start docker >/dev/null 2>&1; then
    say 'Started Docker (systemd).'
  else
    launch_dockerd
  fi
  await_docker
}

# Runs on when we end; `stop_docker` ends it.
launch_dockerd() {
  mkdir -p "$home"
  chmod 700 "$home"
  say "Starting a Docker daemon (log: $dockerd_log)."
  # A terminal's Ctrl-C must not reach it: it gets a session of its own.
  setsid dockerd >"$dockerd_log" 2>&1 </dev/null &
  echo $! >"$dockerd_pid_file"
}

await_docker() {
  local waited=0
  until docker_answers; do
    if [ -f "$dockerd_pid_file" ] && ! our_dockerd >/dev/null && [ $waited -ge 10 ]; then
      explain_dockerd 'The Docker daemon ended while starting.'
      return 1
    fi
    if [ $waited -ge $((docker_wait_s * 10)) ]; then
      explain_dockerd "No Docker daemon answered within $docker_wait_s s."
      return 1
    fi
    sleep 0.1
    waited=$((waited + 1))
  done
  say 'Docker answers.'
}

explain_dockerd() {
  loud "$1" 'Pods will be simulated: nothing runs in them.' "The end of $dockerd_log:"
  tail -n 15 "$dockerd_log" >&2 2>/dev/null || true
}

stop_docker() {
  local pid waited=0
  if ! pid=$(our_dockerd); then
    rm -f "$dockerd_pid_file"
    return 0
  fi
  say "Stopping the Docker daemon that was started here (process $pid)."
  kill "$pid"
  while [ -d "/proc/$pid" ] && [ $waited -lt 300 ]; do
    sleep 0.1
    waited=$((waited + 1))
  done
  [ ! -d "/proc/$pid" ] || die "The Docker daemon $pid did not end; see $dockerd_log."
  rm -f "$dockerd_pid_file"
}
